package cli

import "fmt"

const uriVariable = "LIBVIRT_DEFAULT_URI"

// checkURI refuses every connection but the one that there is. It keeps a command that was meant
// for another hypervisor from doing its work on a container that happens to have the same name.
func (a *app) checkURI() error {
	uri, from := a.uri, "-c"
	if uri == "" {
		uri, from = a.Getenv(uriVariable), uriVariable
	}
	switch uri {
	case "", "lxc:///", "lxc:///system":
		return nil
	}
	return fmt.Errorf("cannot connect to '%s' (from %s): berthctl serves lxc:///system only", uri, from)
}
