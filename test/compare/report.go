package main

import (
	"fmt"
	"regexp"
	"strings"
)

// The results of a document.
const (
	same       = "same"
	otherWords = "same, other words" // both refuse it
	differs    = "differs"
)

// row is the result of one document.
type row struct {
	Document    string      `json:"document"`
	Result      string      `json:"result"`
	Libvirt     reply       `json:"libvirt"`
	Berth       reply       `json:"berth"`
	Differences []explained `json:"differences,omitempty"`
}

// report is the result of all documents.
type report struct {
	Versions  versions `json:"versions"`
	Documents []row    `json:"documents"`
	Unused    []string `json:"unused"` // reasons that explain nothing
}

// compareAll compares the replies to all documents.
func compareAll(docs []*document, reasons []*reason) report {
	var r report
	for _, d := range docs {
		r.Documents = append(r.Documents, compare(d, reasons))
	}
	for _, reason := range reasons {
		if !reason.used {
			r.Unused = append(r.Unused, fmt.Sprintf("%s:%d: %s", reasonsFile, reason.line, reason.row))
		}
	}
	return r
}

func compare(d *document, reasons []*reason) row {
	r := row{Document: d.Name, Libvirt: d.libvirt, Berth: d.berth, Result: same}
	var hunks []hunk
	switch {
	case r.Libvirt.Refused != "" && r.Berth.Refused != "":
		if r.Libvirt.Refused != r.Berth.Refused {
			r.Result = otherWords
		}
		return r
	case r.Libvirt.Refused != "":
		hunks = []hunk{{Libvirt: refusal(r.Libvirt.Refused)}}
	case r.Berth.Refused != "":
		hunks = []hunk{{Berth: refusal(r.Berth.Refused)}}
	default:
		hunks = diff(normal(r.Libvirt.XML, d.text), normal(r.Berth.XML, d.text))
	}
	for _, h := range hunks {
		r.Result = differs
		r.Differences = append(r.Differences, explain(d.Name, h, reasons)...)
	}
	return r
}

// around is what heads an error, and the number of the line that Berth adds to it.
var around = regexp.MustCompile(`^Failed to define domain from .*$|^cannot define domain: (\d+ faults:)?|^cannot convert a configuration: | \(line \d+\)$`)

// refusal returns the lines of a difference that is an error on one side: one for each fault.
func refusal(text string) []string {
	var list []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(around.ReplaceAllString(strings.TrimSpace(line), "")); line != "" {
			list = append(list, "refused: "+line)
		}
	}
	return list
}

// explained reports whether each difference has a reason and each reason a difference.
func (r report) explained() bool {
	for _, d := range r.Documents {
		for _, e := range d.Differences {
			if e.Row == "" {
				return false
			}
		}
	}
	return len(r.Unused) == 0
}
