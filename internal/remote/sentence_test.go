package remote

import (
	"errors"
	"fmt"
	"testing"

	"github.com/berthd/berth/service"
)

// TestSentences: where scripts look for libvirt's sentence, clients get that, with libvirt's code and opening.
func TestSentences(t *testing.T) {
	t.Parallel()
	transient := fmt.Errorf("undefine: %w", service.ErrTransient)
	active := &service.StateError{Kind: service.AlreadyRunning, Op: "start", Name: "web", State: service.StateRunning}
	for _, c := range []struct {
		procedure string
		err       error
		code      int32
		want      string
	}{
		{"virDomainUndefineFlags", transient, codeOperationInvalid, "Requested operation is not valid: cannot undefine transient domain"},
		{"virDomainSetAutostart", transient, codeOperationInvalid, "Requested operation is not valid: cannot set autostart for transient domain"},
		{"virDomainRename", transient, codeOperationInvalid, "Requested operation is not valid: undefine: the container is transient"},
		{"virDomainGetMetadata", fmt.Errorf("%w: title", service.ErrNoMetadata), codeNoDomainMetadata, "metadata not found: Requested metadata element is not present"},
		{"virDomainCreateXML", active, codeOperationInvalid, "Requested operation is not valid: domain is already active as 'web'"},
		{"virDomainCreate", active, codeOperationInvalid, "Requested operation is not valid: domain is already active"},
		{"virDomainAbortJob", &service.StateError{Kind: service.NotNow, Op: "to abort a job", Name: "web"}, codeOperationInvalid, "Requested operation is not valid: no job is active on the domain"},
		{"virDomainDefineXML", fmt.Errorf("<lxc:sharenet>: %w", service.ErrInteraction), codeAccessDenied, "access denied: <lxc:sharenet>: interactive authorization is required"},
		{"virDomainCreate", errors.New("no idea"), codeInternal, "internal error: no idea"},
	} {
		if f, _ := failureOf(c.procedure, c.err); f.code != c.code || f.text != c.want {
			t.Errorf("%s: %d %q, want %d %q", c.procedure, f.code, f.text, c.code, c.want)
		}
	}
}
