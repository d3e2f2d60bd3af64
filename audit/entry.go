package audit

import (
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// Entry is a record as the journal has it.
type Entry struct {
	Text   string
	Err    error // why the kernel has not got it; nil if it has
	Fields map[string]string
}

// entryOf names the fields of a record as journald names those of the kernel's records, without the underscore of what
// journald itself vouches for. Their values are not encoded: the journal's protocol has lengths.
func entryOf(r Record, s Sender, text string, e service.Audited, err error) Entry {
	fields := map[string]string{
		"AUDIT_TYPE_NAME": r.Kind.String(), "CONTAINER_NAME": e.Name, "CONTAINER_UUID": e.UUID.String(),
		"MACHINE": (&domain.Def{Name: e.Name, UUID: e.UUID}).MachineName(), "AUDIT_WRITTEN": "yes",
	}
	if err != nil {
		fields["AUDIT_WRITTEN"] = "no"
	}
	for _, f := range r.all(s) {
		if !f.missing {
			fields["AUDIT_FIELD_"+strings.ToUpper(strings.ReplaceAll(f.name, "-", "_"))] = f.value
		}
	}
	return Entry{Text: r.Kind.String() + " " + text, Err: err, Fields: fields}
}
