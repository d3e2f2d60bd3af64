package dbusapi

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/linux/hostlimit"
	"github.com/berthd/berth/service"
)

// busError is an error as it goes onto the bus: its text is the whole message.
type busError struct {
	name    string
	text    string
	details details
}

type details map[string]dbus.Variant

func (e *busError) Error() string { return e.text }

// body is the message first, since that is what bindings show, then the details. A text may quote
// anything, such as a file name; D-Bus takes UTF-8 without zero bytes only.
func (e *busError) body() []any {
	text := strings.ReplaceAll(strings.ToValidUTF8(e.text, "\uFFFD"), "\x00", "\uFFFD")
	if e.details == nil {
		return []any{text, details{}}
	}
	return []any{text, e.details}
}

func stdError(name, format string, args ...any) *busError {
	return &busError{name: name, text: fmt.Sprintf(format, args...)}
}

// errorRow maps one expected error to its name; match is false for any other.
type errorRow func(error) (name string, d details, match bool)

// errorRows is the table, first match first: what an operation says about itself (StartError)
// stands above what it wraps.
func errorRows() []errorRow {
	return []errorRow{
		// Before what it is wrapped in, which may be anything.
		undecidedError, sentinel(service.ErrDenied, contract.ErrorAccessDenied), sentinel(service.ErrInteraction, contract.ErrorInteractionRequired),
		sentinel(service.ErrTooManyDialogues, contract.ErrorLimitsExceeded), sentinel(errNotSeen, contract.ErrorNoSuchContainer),
		argumentError, networkStateError, networkExistsError, startError, existsError, stateError, namedError, commandError, passedError, treeError,
		// Before what is wrong with it, which is not the caller's mistake.
		sentinel(service.ErrUnreadable, contract.ErrorUnreadable),
		domainError, nativeError,
		sentinel(service.ErrNoNetwork, contract.ErrorNoSuchNetwork),
		sentinel(service.ErrForeignNetwork, contract.ErrorForeignNetwork),
		sentinel(service.ErrLinkTaken, contract.ErrorInvalidConfig),
		sentinel(service.ErrNoContainer, contract.ErrorNoSuchContainer),
		sentinel(service.ErrNoConsole, contract.ErrorNoSuchConsole),
		sentinel(service.ErrConsoleBusy, contract.ErrorConsoleBusy),
		sentinel(service.ErrTooManyClients, contract.ErrorLimitsExceeded),
		sentinel(service.ErrTooManyOwnClients, contract.ErrorLimitsExceeded),
		sentinel(service.ErrNoProcess, contract.ErrorNoSuchProcess),
		sentinel(service.ErrEnded, contract.ErrorNotRunning),
		sentinel(service.ErrShuttingDown, contract.ErrorShuttingDown),
		sentinel(service.ErrNotAsked, contract.ErrorNotAsked), // before why
		sentinel(service.ErrOldSupervisor, contract.ErrorNotSupported),
		sentinel(service.ErrNoMetadata, contract.ErrorNoSuchMetadata),
		sentinel(service.ErrChanged, contract.ErrorChanged),
		sentinel(service.ErrRestless, contract.ErrorChanged),
		sentinel(service.ErrTransient, contract.ErrorTransient),
		sentinel(service.ErrNoDefinition, contract.ErrorTransient),
		sentinel(service.ErrTimeout, contract.ErrorOperationTimeout),
		sentinel(context.DeadlineExceeded, contract.ErrorOperationTimeout),
		// Only the end of the server cancels work that a caller still waits for.
		sentinel(context.Canceled, contract.ErrorShuttingDown),
	}
}

// badArgument is a fault of an argument. It is InvalidArgs, and its text follows the head of the method's errors.
type badArgument string

func (e badArgument) Error() string { return string(e) }

func argumentError(err error) (string, details, bool) {
	_, ok := errors.AsType[badArgument](err)
	return contract.ErrorInvalidArgs, nil, ok
}

func undecidedError(err error) (string, details, bool) {
	_, ok := errors.AsType[*service.UndecidedError](err)
	return contract.ErrorAccessDenied, nil, ok
}

// isMissing reports whether an error is that of an object that is not there, or hidden.
func isMissing(err error) bool {
	e, ok := errors.AsType[*busError](err)
	return ok && e.name == contract.ErrorUnknownObject
}

func sentinel(target error, name string) errorRow {
	return func(err error) (string, details, bool) { return name, nil, errors.Is(err, target) }
}

func treeError(err error) (string, details, bool) {
	_, ok := errors.AsType[*service.TreeError](err)
	return contract.ErrorInvalidConfig, nil, ok
}

func startError(err error) (string, details, bool) {
	var e *service.StartError
	if !errors.As(err, &e) {
		return "", nil, false
	}
	return contract.ErrorStartFailed, details{"step": dbus.MakeVariant(e.Step)}, true
}

func existsError(err error) (string, details, bool) {
	var e *service.ExistsError
	if !errors.As(err, &e) {
		return "", nil, false
	}
	return contract.ErrorContainerExists, details{
		"name": dbus.MakeVariant(e.Name), "uuid": dbus.MakeVariant(e.UUID.String()),
	}, true
}

func namedError(err error) (string, details, bool) {
	var e *service.NamedError
	if !errors.As(err, &e) {
		return "", nil, false
	}
	return contract.ErrorNamed, details{"names": dbus.MakeVariant(e.By)}, true
}

// passedError is a descriptor that cannot be passed; "fd" is its place among those of the call, from 0 on.
func passedError(err error) (string, details, bool) {
	var e *service.PassedError
	switch {
	case !errors.As(err, &e):
		return "", nil, false
	case e.Place < 0:
		return contract.ErrorLimitsExceeded, nil, true
	}
	return contract.ErrorInvalidArgs, details{"fd": dbus.MakeVariant(uint32(e.Place))}, true
}

func stateError(err error) (string, details, bool) {
	var e *service.StateError
	if !errors.As(err, &e) {
		return "", nil, false
	}
	name := map[service.StateKind]string{
		service.NotNow: contract.ErrorInvalidState, service.NotRunning: contract.ErrorNotRunning,
		service.AlreadyRunning: contract.ErrorAlreadyRunning,
	}[e.Kind]
	d := details{"state": dbus.MakeVariant(string(e.State))}
	if e.Unit != "" {
		d["unit"] = dbus.MakeVariant(e.Unit)
	}
	return name, d, true
}

func commandError(err error) (string, details, bool) {
	var e *service.CommandError
	if !errors.As(err, &e) {
		return "", nil, false
	}
	return contract.ErrorCommandFailed, details{"status": dbus.MakeVariant(e.Status)}, true
}

func domainError(err error) (string, details, bool) {
	var e *domain.Error
	if !errors.As(err, &e) {
		return "", nil, false
	}
	name := map[domain.ErrorKind]string{
		domain.InvalidXML: contract.ErrorInvalidXML, domain.InvalidConfig: contract.ErrorInvalidConfig, domain.NoDevice: contract.ErrorNoSuchDevice,
	}[e.Kind]
	d := details{"faults": dbus.MakeVariant(faults(err, e))}
	if e.Element != "" {
		d["element"] = dbus.MakeVariant(e.Element)
	}
	if e.Line > 0 {
		d["line"] = dbus.MakeVariant(uint32(e.Line))
	}
	return name, d, true
}

// faults returns each mistake of a definition as one line, and at the end the number of those that have none.
func faults(err error, first *domain.Error) []string {
	var all *domain.Errors
	if !errors.As(err, &all) {
		return []string{first.Error()}
	}
	var list []string
	for _, e := range all.List {
		list = append(list, e.Error())
	}
	if all.More > 0 {
		list = append(list, fmt.Sprintf("and %d more", all.More))
	}
	return list
}

// onBus makes an error of a method presentable. expected is false for an error that no row
// knows: the caller of onBus logs it.
func (m *method) onBus(subject string, err error) (_ *busError, expected bool) {
	if ready, ok := errors.AsType[*busError](err); ok {
		return ready, true
	}
	text := m.sentence(subject, hostlimit.Explain(hostlimit.Any, err))
	for _, row := range errorRows() {
		if name, d, ok := row(err); ok {
			return &busError{name: name, text: text, details: d}, true
		}
	}
	return &busError{name: contract.ErrorInternal, text: text}, false
}
