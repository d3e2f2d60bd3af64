package dbusapi

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// errorCase is one error, what it becomes, and which identifier of which package it stands for.
type errorCase struct {
	ident   string
	err     error
	name    string
	text    string
	details map[string]any
}

func errorCases() []errorCase {
	return []errorCase{
		{"service.ErrNoContainer", service.ErrNoContainer, contract.ErrorNoSuchContainer, "no such container", nil},
		{"service.PassedError", &service.PassedError{Place: 1, Name: "ssh", Err: errors.New("it is a directory")}, contract.ErrorInvalidArgs, "the second of the passed descriptors (ssh): it is a directory", map[string]any{"fd": uint32(1)}},
		{"service.ErrUnreadable", fmt.Errorf("%w: %w", service.ErrUnreadable, &domain.Error{Text: "no"}), contract.ErrorUnreadable, "the stored definition cannot be read: no", nil},
		{"service.ErrEnded", service.ErrEnded, contract.ErrorNotRunning, "the container ended before it was ready", nil},
		{"service.ErrNoConsole", service.ErrNoConsole, contract.ErrorNoSuchConsole, "no such console", nil},
		{"service.ErrConsoleBusy", service.ErrConsoleBusy, contract.ErrorConsoleBusy, "another client has the console's input", nil},
		{"service.ErrTooManyOwnClients", service.ErrTooManyOwnClients, contract.ErrorLimitsExceeded, "the container's consoles have too many clients of yours", nil},
		{"service.ErrTooManyClients", service.ErrTooManyClients, contract.ErrorLimitsExceeded, "the container's consoles have too many clients", nil},
		{"service.ErrOldSupervisor", service.ErrOldSupervisor, contract.ErrorNotSupported, service.ErrOldSupervisor.Error(), nil},
		{"service.ErrNoProcess", service.ErrNoProcess, contract.ErrorNoSuchProcess, "no such process", nil},
		{"service.ErrShuttingDown", service.ErrShuttingDown, contract.ErrorShuttingDown, "the daemon is shutting down", nil},
		{"service.ErrNoMetadata", service.ErrNoMetadata, contract.ErrorNoSuchMetadata, "no such metadata", nil},
		{"service.ErrChanged", service.ErrChanged, contract.ErrorChanged, "its definition was changed meanwhile", nil},
		{"service.ErrNotAsked", fmt.Errorf("%w: deaf", service.ErrNotAsked), contract.ErrorNotAsked, "init cannot be asked: deaf", nil},
		{"service.ErrNotAsked", fmt.Errorf("%w: %w", service.ErrNotAsked, service.ErrOldSupervisor), contract.ErrorNotAsked, "init cannot be asked: " + service.ErrOldSupervisor.Error(), nil},
		{"service.TreeError", &service.TreeError{Path: "/usr", Reason: "no"}, contract.ErrorInvalidConfig, "/usr is not relabelled: no", nil},
		{"service.ErrTransient", service.ErrTransient, contract.ErrorTransient, "the container is transient", nil},
		{"service.ErrNoDefinition", service.ErrNoDefinition, contract.ErrorTransient, "no stored definition", nil},
		{"service.ErrKilled", &service.StartError{Step: "container", Err: service.ErrKilled}, contract.ErrorStartFailed, "container: the supervisor ended unexpectedly", map[string]any{"step": "container"}},
		{"service.ErrTimeout", fmt.Errorf("kill: %w", service.ErrTimeout), contract.ErrorOperationTimeout, "kill: timed out", nil},
		{
			"service.StateError", &service.StateError{Kind: service.NotRunning, Op: "destroy", Name: "web", State: service.StateShutoff},
			contract.ErrorNotRunning, "domain is not running",
			map[string]any{"state": "shutoff"},
		},
		{
			"service.StateError", &service.StateError{Kind: service.AlreadyRunning, Op: "start", Name: "web", State: service.StatePaused},
			contract.ErrorAlreadyRunning, "domain is already active",
			map[string]any{"state": "paused"},
		},
		{
			"service.StateError", &service.StateError{Kind: service.AlreadyRunning, Op: "adopt", Name: "web", State: service.StateRunning, Unit: "web.service"},
			contract.ErrorAlreadyRunning, "domain is already active for web.service",
			map[string]any{"state": "running", "unit": "web.service"},
		},
		{
			"service.StateError", &service.StateError{Op: "suspend", Name: "web", State: service.StatePaused},
			contract.ErrorInvalidState, "suspend is not possible while the domain is paused",
			map[string]any{"state": "paused"},
		},
		{
			"service.NamedError", &service.NamedError{By: []string{"app", "web"}}, contract.ErrorNamed,
			"other definitions name it in <lxc:namespace>: 'app', 'web'; change them first",
			map[string]any{"names": []string{"app", "web"}},
		},
		{
			"service.CommandError", &service.CommandError{Text: "ls: command not found", Status: 127}, contract.ErrorCommandFailed,
			"ls: command not found",
			map[string]any{"status": uint32(127)},
		},
		{
			"service.ExistsError", &service.ExistsError{Name: "web", UUID: uuidA}, contract.ErrorContainerExists,
			"domain 'web' already exists with uuid " + uuidA.String(),
			map[string]any{"name": "web", "uuid": uuidA.String()},
		},
		{
			"service.StartError", &service.StartError{Step: "scope", Err: service.ErrTimeout}, contract.ErrorStartFailed,
			"scope: timed out",
			map[string]any{"step": "scope"},
		},
		{
			"domain.Error", &domain.Error{Kind: domain.InvalidXML, Text: "broken"}, contract.ErrorInvalidXML,
			(&domain.Error{Kind: domain.InvalidXML, Text: "broken"}).Error(),
			map[string]any{"faults": []string{"broken"}},
		},
		{
			"domain.Error", &domain.Error{Kind: domain.InvalidConfig, Element: "memory", Line: 3, Text: "is zero"}, contract.ErrorInvalidConfig,
			"memory: is zero (line 3)",
			map[string]any{"element": "memory", "line": uint32(3), "faults": []string{"memory: is zero (line 3)"}},
		},
		{
			"domain.Errors", &domain.Errors{More: 7, List: []*domain.Error{
				{Kind: domain.InvalidXML, Element: "name", Line: 2, Text: "is empty"},
				{Kind: domain.InvalidConfig, Element: "memory", Text: "is zero"},
			}}, contract.ErrorInvalidXML,
			"9 faults: (1) name: is empty (line 2); (2) memory: is zero; and 7 more",
			map[string]any{"element": "name", "line": uint32(2), "faults": []string{"name: is empty (line 2)", "memory: is zero", "and 7 more"}},
		},
		{"service.ErrNoNetwork", fmt.Errorf("%w with matching name 'x'", service.ErrNoNetwork), contract.ErrorNoSuchNetwork, "no network with matching name 'x'", nil},
		{"service.ErrForeignNetwork", service.ErrForeignNetwork, contract.ErrorForeignNetwork, "the network is not Berth's", nil},
		{"service.ErrLinkTaken", service.ErrLinkTaken, contract.ErrorInvalidConfig, "the host has another interface of this name", nil},
		{"service.NetworkStateError", &service.NetworkStateError{Name: "x", Active: true}, contract.ErrorAlreadyRunning, "network 'x' is already active", nil},
		{"service.NetworkStateError", &service.NetworkStateError{Name: "x"}, contract.ErrorNotRunning, `network 'x' is not active: start it with "berthctl net-start x"`, nil},
		{
			"service.NetworkExistsError", &service.NetworkExistsError{Name: "x", UUID: "u"}, contract.ErrorNetworkExists,
			"network 'x' already exists with uuid u",
			map[string]any{"name": "x", "uuid": "u"},
		},
		{
			"service.NetworkExistsError", &service.NetworkExistsError{Name: "x", UUID: "u", Bridge: "b0"}, contract.ErrorNetworkExists,
			"network/bridge@name: network 'x' has the bridge b0",
			map[string]any{"name": "x", "uuid": "u"},
		},
		{"service.ErrDenied", fmt.Errorf("<lxc:sharenet>: %w", service.ErrDenied), contract.ErrorAccessDenied, "<lxc:sharenet>: not authorized", nil},
		{"service.ErrInteraction", service.ErrInteraction, contract.ErrorInteractionRequired, "interactive authorization is required", nil},
		{"service.ErrTooManyDialogues", service.ErrTooManyDialogues, contract.ErrorLimitsExceeded, "too many authorizations wait for a password already", nil},
		{"service.ErrRestless", service.ErrRestless, contract.ErrorChanged, "the container changed again and again while its caller waited to be authorized", nil},
		{
			"service.UndecidedError", &service.UndecidedError{Err: errors.New("polkitd is not installed")}, contract.ErrorAccessDenied,
			"polkit, which decides for every user but root, cannot be asked: polkitd is not installed", nil,
		},
		{"dbusapi", badArgument("there is no signal 65"), contract.ErrorInvalidArgs, "there is no signal 65", nil},
		{"context", context.DeadlineExceeded, contract.ErrorOperationTimeout, "context deadline exceeded", nil},
		{"context", context.Canceled, contract.ErrorShuttingDown, "context canceled", nil},
	}
}

// TestOnBus: each error of the core has its D-Bus name, its text and its details.
func TestOnBus(t *testing.T) {
	t.Parallel()
	m := &method{doing: "start domain"}
	for _, tt := range errorCases() {
		t.Run(tt.ident+" "+tt.text, func(t *testing.T) {
			t.Parallel()
			failed, expected := m.onBus("web", fmt.Errorf("%w", tt.err))
			if !expected || failed.name != tt.name {
				t.Errorf("expected %v, name %s, want true, %s", expected, failed.name, tt.name)
			}
			if want := `cannot start domain "web": ` + tt.text; failed.text != want {
				t.Errorf("message %q, want %q", failed.text, want)
			}
			want := tt.details
			if want == nil {
				want = map[string]any{}
			}
			if diff := cmp.Diff(want, bare(failed.body()[1].(details))); diff != "" {
				t.Errorf("details differ (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOnBusUnexpected: an error that nobody promised is Internal, and is reported as unexpected.
func TestOnBusUnexpected(t *testing.T) {
	t.Parallel()
	failed, expected := (&method{doing: "define domain"}).onBus("", errors.New("disk full"))
	if expected || failed.name != contract.ErrorInternal || failed.text != "cannot define domain: disk full" {
		t.Errorf("expected %v, %s: %s", expected, failed.name, failed.text)
	}
}

// TestEveryErrorHasARow: each exported error of the packages that promise errors is among the cases
// of these tests.
func TestEveryErrorHasARow(t *testing.T) {
	t.Parallel()
	have := make(map[string]bool)
	for _, c := range errorCases() {
		have[c.ident] = true
	}
	for pkg, dir := range map[string]string{"service": "../service", "domain": "../internal/domain"} {
		found := promisedErrors(t, dir)
		if len(found) == 0 {
			t.Errorf("no errors found in %s: is this test still looking right?", dir)
		}
		for _, ident := range found {
			if !have[pkg+"."+ident] {
				t.Errorf("%s.%s has no row", pkg, ident)
			}
		}
	}
}

func promisedErrors(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			collectErrors(decl, found)
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// collectErrors finds Err... variables and types with an Error method.
func collectErrors(decl ast.Decl, found map[string]bool) {
	switch d := decl.(type) {
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			v, ok := spec.(*ast.ValueSpec)
			if !ok || d.Tok != token.VAR {
				continue
			}
			for _, name := range v.Names {
				if strings.HasPrefix(name.Name, "Err") {
					found[name.Name] = true
				}
			}
		}
	case *ast.FuncDecl:
		if d.Recv == nil || d.Name.Name != "Error" {
			return
		}
		typ := d.Recv.List[0].Type
		if star, ok := typ.(*ast.StarExpr); ok {
			typ = star.X
		}
		if name, ok := typ.(*ast.Ident); ok && name.IsExported() {
			found[name.Name] = true
		}
	}
}
