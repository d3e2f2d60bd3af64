package service

import "github.com/berthd/berth/internal/domain"

// Label is the security label of a run. The zero Label is none.
type Label struct {
	Model   string           `json:"model"`
	Type    domain.LabelType `json:"type"`    // dynamic: nobody else has it
	Process string           `json:"process"` // of the processes
	Files   string           `json:"files"`   // of what is mounted for the container
}

// Labels makes the security labels of containers.
type Labels interface {
	// Model is domain.ModelSELinux, or domain.ModelNone: this host has no labels. It does not change.
	Model() string
	// Missing returns why this host has no labels, nil if it has. Required says that no container may start then.
	Missing() error
	Required() bool
	// Base returns the label that dynamic ones are made from, "" if there is none.
	Base() string
	// Enforcing reports whether the host enforces its policy. Somebody may change that at any time.
	Enforcing() bool
	// Dynamic makes a label that no other run and no other process has, and keeps it for the caller until Release.
	// base, if it is not empty, has the type of the processes, in the place of the policy's.
	Dynamic(base string) (Label, error)
	// Static makes the label of a run whose processes have this one.
	Static(process string) (Label, error)
	// Check returns an error if the policy does not have a label.
	Check(process string) error
	// Reserve keeps a label of an earlier daemon's run.
	Reserve(l Label)
	// Release gives a label back. One that is not kept is no error.
	Release(l Label)
	// Of returns the label that a process has, the zero Label if it is none of a container.
	Of(pid uint32) Label
}
