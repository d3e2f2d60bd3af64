package remote

import (
	"errors"
	"strings"

	"github.com/berthd/berth/service"
)

// sentenceOf gives libvirt's sentence for an error where scripts look for that and ours is another one, else "".
func sentenceOf(procedure string, err error) string {
	state, _ := errors.AsType[*service.StateError](err)
	switch {
	case errors.Is(err, service.ErrNoMetadata):
		return "Requested metadata element is not present"
	case errors.Is(err, service.ErrTransient) && strings.HasPrefix(procedure, "virDomainUndefine"):
		return "cannot undefine transient domain"
	case errors.Is(err, service.ErrTransient) && strings.HasPrefix(procedure, "virDomainSetAutostart"):
		return "cannot set autostart for transient domain"
	case state != nil && strings.HasPrefix(procedure, "virDomainAbortJob"):
		return "no job is active on the domain"
	case state != nil && state.Kind == service.AlreadyRunning && state.Unit == "" && strings.HasPrefix(procedure, "virDomainCreateXML"):
		return "domain is already active as '" + state.Name + "'"
	}
	return ""
}
