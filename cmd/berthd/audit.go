package main

import (
	"errors"
	"log/slog"
	"os"

	"github.com/coreos/go-systemd/v22/journal"

	"github.com/berthd/berth/audit"
	"github.com/berthd/berth/internal/config"
	ours "github.com/berthd/berth/internal/journal"
	"github.com/berthd/berth/service"
)

// trail opens the host's audit log.
func trail(mode config.AuditMode, log *slog.Logger) *audit.Trail {
	exe, err := os.Executable()
	if err != nil {
		exe = "berthd"
	}
	return audit.New(audit.Options{
		State: service.AuditState(mode), Open: audit.Open, Exe: exe, Log: log,
		Mirror: func(e audit.Entry) { mirror(e, log) },
	})
}

// mirror writes an audit record to the journal, with its fields. A record that only the journal has is a warning,
// unless somebody has switched audit off.
func mirror(e audit.Entry, log *slog.Logger) {
	e.Fields["SYSLOG_IDENTIFIER"] = ours.Identifier
	priority, text := journal.PriInfo, e.Text
	if e.Err != nil {
		priority, text = journal.PriWarning, "audit record is not written ("+e.Err.Error()+"): "+e.Text
	}
	if errors.Is(e.Err, audit.ErrDisabled) {
		priority = journal.PriInfo
	}
	err := journal.Send(text, priority, e.Fields)
	if err != nil { // no journal, only a standard error
		log.Warn("audit record", "record", e.Text, "written", e.Err == nil, "err", err)
	}
}
