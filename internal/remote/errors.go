package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/linux/hostlimit"
	"github.com/berthd/berth/internal/native"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

// The codes of libvirt's errors, which clients know.
const (
	codeInternal             = 1
	codeNoSupport            = 3
	codeNoConnect            = 5
	codeInvalidArg           = 8
	codeOperationFailed      = 9
	codeXML                  = 27
	codeOperationDenied      = 29
	codeXMLDetail            = 35
	codeSystem               = 38
	codeRPC                  = 39
	codeNoDomain             = 42
	codeAuthFailed           = 45
	codeOperationInvalid     = 55
	codeConfigUnsupported    = 67
	codeOperationTimeout     = 68
	codeArgumentUnsupported  = 74
	codeNoDomainMetadata     = 80
	codeOperationUnsupported = 84
	codeResourceBusy         = 87
	codeAccessDenied         = 88
	codeAuthUnavailable      = 94
	codeDeviceMissing        = 99
	codeNoHostname           = 108
)

// The parts of libvirt that its errors come from.
const (
	domainNone       = 0
	domainRPC        = 7
	domainRemote     = 13
	domainLXC        = 17
	domainDomain     = 20
	domainSnapshot   = 35
	domainAccess     = 55
	domainPolkit     = 60
	domainCheckpoint = 69
)

// words gives what libvirt's message of a code begins with. Scripts look for that.
func words(code int32) string {
	return map[int32]string{
		codeInternal: "internal error", codeInvalidArg: "invalid argument", codeOperationFailed: "operation failed", codeXML: "XML error",
		codeNoDomain: "Domain not found", codeOperationInvalid: "Requested operation is not valid",
		codeConfigUnsupported: "unsupported configuration", codeOperationTimeout: "Timed out during operation",
		codeArgumentUnsupported: "argument unsupported", codeNoDomainMetadata: "metadata not found",
		codeOperationUnsupported: "Operation not supported", codeResourceBusy: "resource busy", codeAccessDenied: "access denied",
		codeDeviceMissing: "device not found", codeNoHostname: "no hostname found",
	}[code]
}

// failure is an error as it goes to the client. Clients show the text alone.
type failure struct {
	code, from int32
	text       string
	errno      int32
}

func (f *failure) Error() string { return f.text }

// fault makes a failure with the text as it is.
func fault(code, from int32, format string, args ...any) *failure {
	return &failure{code: code, from: from, text: fmt.Sprintf(format, args...)}
}

// wrong makes a failure with libvirt's words for its code before the text.
func wrong(code, from int32, format string, args ...any) *failure {
	f := fault(code, from, format, args...)
	if w := words(code); w != "" {
		f.text = w + ": " + f.text
	}
	return f
}

// mostWords is the longest text of an error, in bytes. libvirt's library shows 1024 of them (VIR_ERROR_MAX_LENGTH).
const mostWords = 4 << 10

// encode writes the error. Of a text that is too long, not UTF-8, or has zero bytes, as much is left as a client can
// show.
func (f *failure) encode(e *xdr.Encoder) {
	const level, more = 2, "…"
	text := strings.ReplaceAll(strings.ToValidUTF8(f.text, "\uFFFD"), "\x00", "\uFFFD")
	if len(text) > mostWords {
		text = strings.ToValidUTF8(text[:mostWords-len(more)], "") + more // no half of a character
	}
	e.I32(f.code)
	e.I32(f.from)
	e.OptionalText(text)
	e.I32(level)
	e.Bool(false) // a container
	e.OptionalText("%s")
	e.OptionalText(text)
	e.Bool(false)
	if f.errno == 0 {
		e.I32(-1)
	} else {
		e.I32(f.errno)
	}
	e.I32(-1)
	e.Bool(false) // a network
}

// errNoDomain is the error of a container that is not there, or that the caller may not see.
var errNoDomain = errors.New("no domain")

// deniedError says which right the caller lacks.
type deniedError struct {
	action string
	err    error
}

func (e *deniedError) Error() string {
	if undecided, is := errors.AsType[*service.UndecidedError](e.err); is {
		return e.action + " is not authorized: " + undecided.Error()
	}
	if errors.Is(e.err, service.ErrTooManyDialogues) {
		return e.action + " is not authorized: " + e.err.Error()
	}
	return e.action + " is not authorized"
}

// row maps one expected error; match is false for any other.
type row func(error) (code, from int32, match bool)

func sentinel(target error, code, from int32) row {
	return func(err error) (int32, int32, bool) { return code, from, errors.Is(err, target) }
}

func typed[T error](code, from int32) row {
	return func(err error) (int32, int32, bool) {
		_, is := errors.AsType[T](err)
		return code, from, is
	}
}

// rows is the table, first match first, in the order of dbusapi's.
func rows() []row {
	return []row{
		typed[*deniedError](codeAccessDenied, domainAccess),
		refused,
		sentinel(errNoDomain, codeNoDomain, domainLXC),
		typed[*service.StartError](codeInternal, domainLXC),
		typed[*service.ExistsError](codeOperationFailed, domainDomain),
		typed[*service.StateError](codeOperationInvalid, domainDomain),
		typed[*service.NamedError](codeOperationInvalid, domainDomain),
		typed[*service.CommandError](codeOperationFailed, domainLXC),
		typed[*service.PassedError](codeInvalidArg, domainLXC),
		typed[*service.TreeError](codeConfigUnsupported, domainLXC),
		sentinel(service.ErrUnreadable, codeConfigUnsupported, domainLXC),
		definition,
		typed[*native.Error](codeInvalidArg, domainLXC),
		sentinel(service.ErrNoContainer, codeNoDomain, domainLXC),
		sentinel(service.ErrNoConsole, codeInvalidArg, domainLXC),
		sentinel(service.ErrConsoleBusy, codeOperationFailed, domainLXC),
		sentinel(service.ErrTooManyClients, codeResourceBusy, domainLXC),
		sentinel(service.ErrTooManyOwnClients, codeResourceBusy, domainLXC),
		sentinel(service.ErrNoProcess, codeInvalidArg, domainLXC),
		sentinel(service.ErrEnded, codeOperationInvalid, domainDomain),
		sentinel(service.ErrShuttingDown, codeOperationInvalid, domainDomain),
		sentinel(service.ErrNotAsked, codeOperationFailed, domainLXC),
		sentinel(service.ErrOldSupervisor, codeOperationUnsupported, domainLXC),
		sentinel(service.ErrNoMetadata, codeNoDomainMetadata, domainLXC),
		sentinel(service.ErrChanged, codeOperationFailed, domainLXC),
		sentinel(service.ErrRestless, codeOperationFailed, domainLXC),
		sentinel(service.ErrTransient, codeOperationInvalid, domainDomain),
		sentinel(service.ErrNoDefinition, codeOperationInvalid, domainDomain),
		sentinel(service.ErrTimeout, codeOperationTimeout, domainLXC),
		sentinel(context.DeadlineExceeded, codeOperationTimeout, domainLXC),
		sentinel(context.Canceled, codeOperationInvalid, domainDomain),
	}
}

// refused is a right that the core has asked for itself, such as that to share a namespace of the host.
func refused(err error) (code, from int32, match bool) {
	return codeAccessDenied, domainAccess, service.Refused(err)
}

// definition is a mistake in a definition. One without a place is that of a document that is not well-formed.
func definition(err error) (code, from int32, match bool) {
	e, is := errors.AsType[*domain.Error](err)
	switch {
	case !is:
		return 0, 0, false
	case e.Kind == domain.InvalidConfig:
		return codeConfigUnsupported, domainLXC, true
	case e.Kind == domain.NoDevice:
		return codeDeviceMissing, domainLXC, true
	case e.Element == "":
		return codeXMLDetail, domainDomain, true
	}
	return codeXML, domainDomain, true
}

// failureOf makes an error of a procedure presentable. expected is false for one that no row knows: the caller logs it.
func failureOf(procedure string, err error) (_ *failure, expected bool) {
	if f, is := errors.AsType[*failure](err); is {
		return f, true
	}
	text := cmp.Or(sentenceOf(procedure, err), hostlimit.Explain(hostlimit.Any, err).Error())
	for _, r := range rows() {
		if code, from, ok := r(err); ok {
			return wrong(code, from, "%s", text), true
		}
	}
	f := wrong(codeInternal, domainLXC, "%s", text)
	if errno, is := errors.AsType[syscall.Errno](err); is {
		f.errno = int32(errno)
	}
	return f, false
}
