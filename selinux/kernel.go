package selinux

import (
	"fmt"

	library "github.com/opencontainers/selinux/go-selinux"
)

// Kernel is SELinux in the kernel.
type Kernel interface {
	Enabled() bool
	Enforcing() bool
	// Current returns the context of this process.
	Current() (string, error)
	// Canonical returns a context as the kernel writes it, and an error if the policy does not have it.
	Canonical(context string) (string, error)
}

// kernel is the kernel of this host.
type kernel struct{}

// Host returns the kernel of this host.
func Host() Kernel { return kernel{} }

func (kernel) Enabled() bool { return library.GetEnabled() }
func (kernel) Enforcing() bool {
	return library.GetEnabled() && library.EnforceMode() == library.Enforcing
}

func (kernel) Current() (string, error) {
	context, err := library.CurrentLabel()
	if err != nil {
		return "", fmt.Errorf("berthd's own context: %w", err)
	}
	return context, nil
}

func (kernel) Canonical(context string) (string, error) { return library.CanonicalizeContext(context) }
