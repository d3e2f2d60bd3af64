package service

import (
	"context"
	"fmt"
)

// auditFake writes each event down as a line. The call "audit.Record KIND" can fail, and then Await does.
type auditFake struct{ *daemon }

type receiptFake struct{ err error }

func (r receiptFake) Await(context.Context) error { return r.err }

func (d auditFake) Record(list ...Audited) Receipt {
	var r receiptFake
	for _, e := range list {
		kind := map[AuditEvent]string{
			AuditResources: "resources", AuditStart: "start", AuditInit: "init", AuditStop: "stop", AuditExec: "exec", AuditMemory: "memory", AuditLimit: "limit", AuditLabel: "label",
			AuditAttach: "attach", AuditDetach: "detach", AuditUpdate: "update",
		}[e.Event]
		if err := d.call("audit.Record " + kind); err != nil {
			r.err = err
		}
		d.mu.Lock()
		d.audit = append(d.audit, kind+" "+e.Name+describeAudited(e))
		d.mu.Unlock()
	}
	return r
}

// describeAudited tells of an event only what it has.
func describeAudited(e Audited) (text string) {
	add := func(there bool, name string, value any) {
		if there {
			text += fmt.Sprintf(" %s=%v", name, value)
		}
	}
	add(e.Reason != "", "reason", e.Reason)
	add(e.Supervisor != 0, "supervisor", e.Supervisor)
	add(e.Leader != 0, "leader", e.Leader)
	add(e.PIDNamespace != 0, "ns", e.PIDNamespace)
	add(e.Def != nil, "def", e.Def != nil)
	add(e.Command != "", "command", e.Command)
	add(e.PID != 0, "pid", e.PID)
	add(e.Event == AuditMemory, "memory", fmt.Sprintf("%d-%d", e.OldMemory, e.NewMemory))
	add(e.Event == AuditLimit, e.Limit, fmt.Sprintf("%s-%s", e.Before, e.After))
	add(e.Event == AuditLabel, "label", e.Label.Process)
	add(e.Caller.Known, "by", e.Caller.UID)
	add(e.Failed, "res", "failed")
	return text
}

func (d auditFake) PIDNamespace(pid uint32) uint64 { return 4026530000 + uint64(pid) }
func (d auditFake) State() AuditState              { return AuditRequired }

func (w *world) takeAudit() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.audit
	w.audit = nil
	return list
}
