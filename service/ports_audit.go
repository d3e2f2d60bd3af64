package service

import (
	"context"

	"github.com/berthd/berth/internal/domain"
)

// Audit is the audit log of the host.
type Audit interface {
	// Record takes what has happened, and returns at once: it is written beside the caller, in this order.
	Record(list ...Audited) Receipt
	// PIDNamespace returns the inode number of a process's pid namespace; 0 if it is not known, or if there is no audit.
	PIDNamespace(pid uint32) uint64
	// State is one of the Audit constants. It does not change.
	State() AuditState
}

// Receipt says whether records are written. Where a record must be written before a container may start
// (AuditRequired), Await waits for that and returns why it was not. Otherwise it returns nil at once.
type Receipt interface {
	Await(ctx context.Context) error
}

// AuditState says whether the host's audit log gets records.
type AuditState string

// The states. AuditUnavailable means that they are wanted, but this host has no audit for them.
const (
	AuditOff         AuditState = "off"
	AuditOn          AuditState = "on"
	AuditRequired    AuditState = "required"
	AuditUnavailable AuditState = "unavailable"
)

// AuditEvent is a kind of what happens to a container.
type AuditEvent int

// The kinds.
const (
	AuditResources AuditEvent = iota + 1 // a start gives it what its definition has
	AuditStart
	AuditInit // init is executed
	AuditStop
	AuditExec
	AuditMemory // the limit of its memory changes
	AuditLimit  // another limit changes
	AuditAttach // a running container gets the device that Def has
	AuditDetach // it loses that
	AuditLabel  // a start gives it a security label
	AuditUpdate // its device, which Def has, changes
)

// The reasons of AuditStart and AuditStop, as libvirt has them.
const (
	auditBooted    = "booted"
	auditReboot    = "reboot"
	auditShutdown  = "shutdown"
	auditDestroyed = "destroyed"
	auditFailed    = "failed"
)

// Audited is one thing that has happened to a container, or was attempted.
type Audited struct {
	Event  AuditEvent
	Name   string
	UUID   domain.UUID
	Caller Caller
	Failed bool
	Reason string // of AuditStart and AuditStop

	Supervisor   uint32 // its pid; 0 if there is none any more
	Leader       uint32
	PIDNamespace uint64
	Def          *domain.Def // of AuditResources, AuditAttach, AuditDetach and AuditUpdate
	Label        Label       // of AuditLabel; without Process, none could be made

	Command string // of AuditExec
	PID     uint32 // of the command; 0 if it was not executed

	// Of AuditMemory, in KiB, and of AuditLimit.
	OldMemory, NewMemory        uint64
	Group, Limit, Before, After string
}
