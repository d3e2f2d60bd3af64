package service

import (
	"context"
	"errors"
	"fmt"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// Confinement says which containers get a label, besides those whose definition says so.
type Confinement struct {
	Default  bool // those whose definition says nothing
	Required bool // no other one may start
}

// label is the security label of the run. That of a dynamic one belongs to it alone until its release.
type label struct{ *Service }

func (p label) acquire(_ context.Context, st *start) error {
	made, err := p.labelFor(st.def)
	p.auditResources(st.trail, made, err != nil)
	if err != nil || made.Process == "" {
		return err
	}
	st.Label = made
	st.plan.Label = plan.Label{Process: made.Process, Files: made.Files, Required: p.Labels.Enforcing()}
	return nil
}

func (p label) release(_ context.Context, r *Run) error {
	if r.Label.Process != "" {
		p.Labels.Release(r.Label)
	}
	return nil
}

// labelFor makes the label that a container starts with, the zero Label if it gets none. It returns a *domain.Error
// that names the element if the definition asks for what this host does not have or does not allow.
func (s *Service) labelFor(def *domain.Def) (Label, error) {
	missing := s.Labels.Missing()
	switch {
	case missing != nil && s.Labels.Required():
		return Label{}, fmt.Errorf("berth.conf has SecurityDriver=selinux, and this host has no labels: %w", missing)
	case missing != nil && s.Confinement.Required:
		return Label{}, fmt.Errorf("berth.conf has RequireConfined=yes, and this host has no labels: %w", missing)
	}
	if err := s.checkModels(def, missing); err != nil {
		return Label{}, err
	}
	want, said := def.LabelOf(s.Labels.Model())
	switch {
	case said && want.Type == domain.LabelNone && s.Confinement.Required:
		return Label{}, refusedLabel("", "a container without a label may not start: berth.conf has RequireConfined=yes")
	case said && want.Type == domain.LabelNone, missing != nil:
		return Label{}, nil
	case !said && s.Confinement.Default:
		want.Type = domain.LabelDynamic
	case !said && s.Confinement.Required:
		return Label{}, errors.New("the definition has no <seclabel>, and a container without a label may not start: berth.conf has RequireConfined=yes, without DefaultConfined=yes")
	case !said:
		return Label{}, nil
	}
	if want.Type == domain.LabelStatic {
		return s.Labels.Static(want.Label)
	}
	return s.Labels.Dynamic(want.BaseLabel)
}

// checkModels returns an error if a definition wants a label of a model that this host does not have.
func (s *Service) checkModels(def *domain.Def, missing error) error {
	for _, l := range def.SecLabels {
		switch {
		case l.Type == domain.LabelNone:
		case missing != nil:
			return refusedLabel("", fmt.Sprintf("this host has no labels for containers: %v", missing))
		case l.Model != "" && l.Model != s.Labels.Model():
			return refusedLabel("@model", fmt.Sprintf("this host has no labels of the model '%.40s'; its model is '%s'", l.Model, s.Labels.Model()))
		}
	}
	return nil
}

// checkLabel returns a *domain.Error if a definition has a label that the host's policy does not have.
func (s *Service) checkLabel(def *domain.Def) error {
	l, said := def.LabelOf(s.Labels.Model())
	if !said || l.Type != domain.LabelStatic {
		return nil
	}
	if err := s.Labels.Check(l.Label); err != nil {
		return &domain.Error{Kind: domain.InvalidXML, Element: "domain/seclabel/label", Text: err.Error()}
	}
	return nil
}

func refusedLabel(where, text string) *domain.Error {
	return &domain.Error{Kind: domain.InvalidConfig, Element: "domain/seclabel" + where, Text: text}
}

// live returns a label as the live XML has it.
func (l Label) live() domain.LiveLabel {
	return domain.LiveLabel{Model: l.Model, Label: l.Process, ImageLabel: l.Files}
}

// SecurityModel returns the model of the host's labels, or domain.ModelNone.
func (s *Service) SecurityModel() string { return s.Labels.Model() }

// SecurityEnforcing reports whether the host enforces its policy of labels now.
func (s *Service) SecurityEnforcing() bool { return s.Labels.Enforcing() }
