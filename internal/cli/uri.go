package cli

import "fmt"

const uriVariable = "LIBVIRT_DEFAULT_URI"

// checkURI returns an error if the user asks for any connection but lxc:///system. A command that was
// meant for another hypervisor must not act on a container that has the same name.
func (a *app) checkURI() error {
	uri, from := a.uri, "-c"
	if uri == "" {
		uri, from = a.Getenv(uriVariable), uriVariable
	}
	switch uri {
	case "", "lxc:///", "lxc:///system":
		return nil
	}
	return fmt.Errorf("cannot connect to '%s' (from %s): berthctl supports lxc:///system only", uri, from)
}
