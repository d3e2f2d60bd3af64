package domain

import "encoding/xml"

// checkLabel returns an error for a <seclabel>, unless its type is "none": Berth labels nothing, and init runs
// with the label that the host's policy gives it.
func checkLabel(at string, attrs []xml.Attr) *Error {
	for _, a := range attrs {
		if a.Name.Space == "" && a.Name.Local == "type" && a.Value == "none" {
			return nil
		}
	}
	return unsupported(at, "this version of Berth does not support a label; without this element no label confines the container, and <seclabel type='none'/> says so")
}

// readLabels reads the labels "none".
func readLabels(d *Def, x *document, f *faults) {
	for i, label := range x.SecLabels {
		if label.Relabel != "" && label.Relabel != "no" {
			f.invalid(nth("domain/seclabel", i)+"@relabel", "'%.40s' contradicts the type 'none'", label.Relabel)
		}
		d.SecLabels = append(d.SecLabels, SecLabel{Model: label.Model})
	}
}
