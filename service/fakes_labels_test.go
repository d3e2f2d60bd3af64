package service

import (
	"errors"
	"fmt"
	"strings"

	"github.com/berthd/berth/internal/domain"
)

// policyFake is the host's policy: it has so many pairs of categories, and none means that the host has no labels.
type policyFake struct {
	pairs      int
	required   bool
	permissive bool
}

// labelsFake gives out pairs from the first on, and remembers them as long as its daemon lives. It refuses labels with
// the type bad_t.
type labelsFake struct{ *daemon }

var (
	errNoPolicy   = errors.New("no SELinux here")
	errBadLabel   = errors.New("the policy has no such label")
	errNoneIsFree = errors.New("all pairs are in use")
)

func (d labelsFake) Model() string {
	if d.policy.pairs == 0 {
		return domain.ModelNone
	}
	return domain.ModelSELinux
}

func (d labelsFake) Missing() error {
	if d.policy.pairs == 0 {
		return errNoPolicy
	}
	return nil
}

func (d labelsFake) Base() string    { return "" }
func (d labelsFake) Required() bool  { return d.policy.required }
func (d labelsFake) Enforcing() bool { return d.policy.pairs > 0 && !d.policy.permissive }

func (d labelsFake) Dynamic(base string) (Label, error) {
	if err := d.call("labels.Dynamic"); err != nil {
		return Label{}, err
	}
	if base == "" {
		base = "u:r:container_t:s0"
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for n := range d.policy.pairs {
		level := fmt.Sprintf(":c0,c%d", n+1)
		if !d.used[level] {
			d.used[level] = true
			return Label{Model: domain.ModelSELinux, Type: domain.LabelDynamic, Process: base + level, Files: "u:o:file_t:s0" + level}, nil
		}
	}
	return Label{}, errNoneIsFree
}

func (d labelsFake) Static(process string) (Label, error) {
	return Label{Model: domain.ModelSELinux, Type: domain.LabelStatic, Process: process, Files: "u:o:file_t:s0"}, d.Check(process)
}

func (d labelsFake) Check(process string) error {
	if strings.Contains(process, "bad_t") {
		return errBadLabel
	}
	return nil
}

func (d labelsFake) Reserve(l Label) { d.keep(l, true) }
func (d labelsFake) Release(l Label) { d.keep(l, false) }

func (d labelsFake) keep(l Label, keep bool) {
	if at := strings.Index(l.Process, ":c0,"); at >= 0 && l.Type == domain.LabelDynamic {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.used[l.Process[at:]] = keep
	}
}

func (d labelsFake) Of(pid uint32) Label {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, sup := range d.supervisors {
		if sup.Leader() == pid && sup.label.Process != "" {
			return Label{Model: domain.ModelSELinux, Type: domain.LabelDynamic, Process: sup.label.Process, Files: sup.label.Files}
		}
	}
	return Label{}
}
