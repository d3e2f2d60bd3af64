package domain

import (
	"slices"
	"strings"
	"unicode"
)

const atLabel = "domain/seclabel"

// The limits of libvirt for one label and for the name of a model, in bytes.
const (
	maxLabel = 4096
	maxModel = 256
	// Besides libvirt's there is room for a few models: a host has one.
	maxLabels = 16
)

// ModelSELinux is the name of SELinux among the models, and ModelNone that of a host without labels.
const (
	ModelSELinux = "selinux"
	ModelNone    = "none"
)

// LabelType is the type attribute of <seclabel>.
type LabelType string

// The types. LabelDynamic is the default.
const (
	LabelDynamic LabelType = "dynamic" // a label is made for each run, of which no other run has the same
	LabelStatic  LabelType = "static"  // the label is in the definition
	LabelNone    LabelType = "none"    // the container is not confined
)

// SecLabel is one <seclabel>. Each is of another model.
type SecLabel struct {
	Type  LabelType
	Model string // "" means that of the host; only a sole one that is none, or dynamic without BaseLabel, lacks it
	// Relabel is "yes", "no", or "", which is no with LabelNone and LabelStatic. With LabelDynamic it is libvirt's
	// default, which labels no file of a container either.
	Relabel   string
	Label     string // LabelStatic only
	BaseLabel string // LabelDynamic only: it has the type, in the place of the policy's; "" means the policy's
}

// LiveLabel is the label that a running container has. The zero LiveLabel is none.
type LiveLabel struct{ Model, Label, ImageLabel string }

// LabelOf returns the <seclabel> that counts on a host with this model. It returns false if there is none.
func (d *Def) LabelOf(model string) (SecLabel, bool) {
	for _, l := range d.SecLabels {
		if l.Model == model || l.Model == "" {
			return l, true
		}
	}
	return SecLabel{}, false
}

func readLabels(d *Def, x *document, f *faults) {
	first := map[string]string{}
	for i := range x.SecLabels {
		at := nth(atLabel, i)
		if i == maxLabels {
			f.unsupported(at, "there are more than %d labels", maxLabels)
			return
		}
		label := readLabel(&x.SecLabels[i], at, f)
		switch other, twice := first[label.Model]; {
		case twice && label.Model != "":
			f.invalid(at, "the model '%.40s' has a label already, at %s", label.Model, other)
		case label.Model == "" && len(x.SecLabels) > 1:
			f.invalid(at+"@model", "it is missing: of several labels each needs its model")
		}
		first[label.Model] = at
		d.SecLabels = append(d.SecLabels, label)
	}
}

// readLabel reads one <seclabel>. <imagelabel>, and <label> of a dynamic one, are those of a running container: they
// come with a definition that was printed while it ran, and are left out, as libvirt does.
func readLabel(x *secLabel, at string, f *faults) SecLabel {
	l := SecLabel{Type: LabelDynamic, Model: x.Model}
	if x.Type != nil {
		l.Type = LabelType(*x.Type)
	}
	if x.Relabel != nil {
		l.Relabel = *x.Relabel
	}
	checkLabelWords(&l, at, f)
	if l.Model == ModelNone { // as old versions of libvirt wrote it
		return SecLabel{Type: LabelNone, Model: ModelNone}
	}
	switch l.Type {
	case LabelStatic:
		l.Label = x.Label
		switch {
		case l.Label == "":
			f.invalid(at+"/label", "it is missing: a label of the type 'static' is in the definition")
		case l.Model == "":
			f.invalid(at+"@model", "it is missing: a label of the type 'static' is of one model, such as '%s'", ModelSELinux)
		}
	case LabelDynamic:
		if l.BaseLabel = x.BaseLabel; l.BaseLabel != "" && l.Model == "" {
			f.invalid(at+"@model", "it is missing: a <baselabel> is of one model, such as '%s'", ModelSELinux)
		}
	case LabelNone:
		if l.Relabel = ""; x.Label != "" {
			f.unsupported(at+"/label", "it contradicts the type 'none'")
		}
	}
	if x.BaseLabel != "" && l.Type != LabelDynamic {
		f.unsupported(at+"/baselabel", "a label of the type '%s' is not made from another one", l.Type)
	}
	f.add(checkLabel(at+"/label", l.Label))
	f.add(checkLabel(at+"/baselabel", l.BaseLabel))
	return l
}

// checkLabelWords checks the attributes of a <seclabel>.
func checkLabelWords(l *SecLabel, at string, f *faults) {
	switch l.Type {
	case LabelDynamic, LabelStatic, LabelNone:
	default:
		f.invalid(at+"@type", "'%.40s' is unknown; known are dynamic, static, none", l.Type)
	}
	switch {
	case l.Relabel != "" && l.Relabel != "yes" && l.Relabel != "no":
		f.invalid(at+"@relabel", "it is 'yes' or 'no', not '%.40s'", l.Relabel)
	case l.Type == LabelDynamic && l.Relabel == "no":
		f.unsupported(at+"@relabel", "'no' is for the types 'static' and 'none': what a container with a dynamic label gets is labelled for it")
	case l.Type == LabelNone && l.Relabel == "yes":
		f.unsupported(at+"@relabel", "'yes' contradicts the type 'none'")
	}
	if len(l.Model) > maxModel {
		f.invalid(at+"@model", "it has %d bytes; the limit is %d", len(l.Model), maxModel)
	}
}

// checkLabel returns an error if a text cannot be a label of any model.
func checkLabel(at, text string) *Error {
	switch {
	case len(text) > maxLabel:
		return invalid(at, "it has %d bytes; the limit is %d", len(text), maxLabel)
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }):
		return invalid(at, "%.60q has blanks or control characters", text)
	}
	return nil
}

// formatLabels shows in live also the labels that the container has, and one that it has without a <seclabel>.
func (d *Def) formatLabels(live *Live) (list []secLabel) {
	var has LiveLabel
	if live != nil {
		has = live.Label
	}
	labels := d.SecLabels
	if _, said := d.LabelOf(has.Model); !said && has.Label != "" {
		labels = append(slices.Clip(labels), SecLabel{Type: LabelDynamic, Model: has.Model})
	}
	for _, l := range labels {
		kind := string(l.Type)
		x := secLabel{Type: &kind, Model: l.Model, Label: l.Label, BaseLabel: l.BaseLabel}
		if l.Relabel != "" {
			x.Relabel = &l.Relabel
		}
		if has.Label != "" && (l.Model == has.Model || l.Model == "") && l.Type != LabelNone {
			x.Model, x.Label, x.ImageLabel = has.Model, has.Label, has.ImageLabel
		}
		list = append(list, x)
	}
	return list
}
