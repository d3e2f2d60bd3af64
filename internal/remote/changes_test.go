package remote

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

// changing is a core that writes down what it is told to change.
type changing struct {
	*knowing
	job  service.Job
	mu   sync.Mutex
	told string
}

func (c *changing) tell(format string, args ...any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = fmt.Sprintf(format, args...)
	return nil
}

func (c *changing) heard() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.told
}

func (c *changing) Rename(_ context.Context, _ domain.UUID, name string) error {
	return c.tell("rename %s", name)
}
func (c *changing) Reset(context.Context, domain.UUID) error    { return c.tell("reset") }
func (c *changing) AbortJob(context.Context, domain.UUID) error { return c.tell("abort") }
func (c *changing) Job(domain.UUID) (service.Job, error)        { return c.job, nil }

func (c *changing) DetachDeviceAlias(_ context.Context, _ domain.UUID, alias string, o service.TuneOptions) error {
	return c.tell("detach %s %+v", alias, o)
}

func (c *changing) SetResources(_ context.Context, _ domain.UUID, list []domain.Setting, o service.TuneOptions) error {
	return c.tell("%v %+v", list, o)
}

func (c *changing) Limits(domain.UUID, service.TuneOptions) (uint64, service.Limits, error) {
	return 0, service.Limits{NUMAMode: "restrictive", AllowedMemoryNodes: "0-1"}, nil
}

func (c *changing) Interfaces(domain.UUID, service.TuneOptions) ([]service.InterfaceInfo, error) {
	return []service.InterfaceInfo{{
		Interface: service.Interface{Name: "eth0", Link: "web0", MAC: "52:54:00:00:00:0a"},
		Bandwidth: domain.IfaceBandwidth{In: domain.Rate{Average: 1, Peak: 2, Burst: 3}, Out: domain.Rate{Average: 4}},
	}}, nil
}

func (c *changing) SetInterface(_ context.Context, _ domain.UUID, name string, change service.LinkChange, o service.TuneOptions) error {
	text := ""
	for _, r := range []*domain.Rate{change.In, change.Out} {
		if r == nil {
			text += " stays"
		} else {
			text += fmt.Sprintf(" %+v", *r)
		}
	}
	return c.tell("interface %s%s %+v", name, text, o)
}

// typedCall writes a container, texts, typed parameters, and flags.
func typedCall(flags uint32, texts []string, list ...xdr.Typed) func(*xdr.Encoder) {
	return func(e *xdr.Encoder) {
		e.Domain(domainOf(&web))
		for _, s := range texts {
			e.Text(s)
		}
		e.Typed(list)
		e.U32(flags)
	}
}

// textCall writes a container, a text, and words.
func textCall(s string, words ...uint32) func(*xdr.Encoder) {
	return func(e *xdr.Encoder) {
		e.Domain(domainOf(&web))
		e.Text(s)
		for _, w := range words {
			e.U32(w)
		}
	}
}

// mapCall writes a container, a set of processors, and flags.
func mapCall(bitmap []byte, flags uint32) func(*xdr.Encoder) {
	return func(e *xdr.Encoder) {
		e.Domain(domainOf(&web))
		e.Opaque(bitmap)
		e.U32(flags)
	}
}

// TestChanges: what a client changes reaches the core as it is meant, and what it asks is answered to the last byte.
func TestChanges(t *testing.T) {
	t.Parallel()
	eth0 := []string{"eth0"}
	for name, tc := range map[string]struct {
		procedure int32
		args      func(*xdr.Encoder)
		told      string
		want      string // hex; blanks do not matter
	}{
		"rename":                 {358, words32(&web, "other", 0), "rename other", "00000000"},
		"reset":                  {245, words32(&web, 0), "reset", ""},
		"abort":                  {164, words32(&web), "abort", ""},
		"abort with flags":       {442, words32(&web, 0), "abort", ""},
		"detach":                 {392, textCall("net0", 3), "detach net0 {Live:true Config:true}", ""},
		"nodes":                  {254, typedCall(2, nil, xdr.TextOf("numa_nodeset", "1,0"), xdr.IntOf("numa_mode", 3)), "[AllowedMemoryNodes=0-1 NUMAMode=restrictive] {Live:false Config:true}", ""},
		"all nodes":              {254, typedCall(1, nil, xdr.TextOf("numa_nodeset", "")), "[AllowedMemoryNodes=] {Live:true Config:false}", ""},
		"a mode of libvirt's":    {254, typedCall(0, nil, xdr.IntOf("numa_mode", 2)), "[NUMAMode=interleave] {Live:false Config:false}", ""},
		"no mode":                {254, typedCall(0, nil, xdr.IntOf("numa_mode", -1)), "[NUMAMode=-1] {Live:false Config:false}", ""},
		"nodes, how many":        {255, words32(&web, 0, 0), "", "00000000 00000002"},
		"nodes, what":            {255, words32(&web, 2, 4), "", "00000002" + tp("numa_mode", 1, "00000003") + tp("numa_nodeset", 7, text("0-1")) + "00000000"},
		"inbound":                {256, typedCall(1, eth0, xdr.UIntOf("inbound.average", 10), xdr.UIntOf("inbound.burst", 5)), "interface eth0 {Average:10 Peak:0 Burst:5} stays {Live:true Config:false}", ""},
		"outbound":               {256, typedCall(0, eth0, xdr.UIntOf("outbound.average", 0)), "interface eth0 stays {Average:0 Peak:0 Burst:0} {Live:false Config:false}", ""},
		"no floor":               {256, typedCall(0, eth0, xdr.UIntOf("inbound.floor", 0)), "interface eth0 {Average:0 Peak:0 Burst:0} stays {Live:false Config:false}", ""},
		"bandwidth, how many":    {257, textCall("web0", 0, 0), "", "00000000 00000007"},
		"bandwidth, some":        {257, textCall("52:54:00:00:00:0A", 3, 0), "", "00000003" + tp("inbound.average", 2, "00000001") + tp("inbound.peak", 2, "00000002") + tp("inbound.burst", 2, "00000003") + "00000000"},
		"processors":             {199, words32(&db, 4, 2), "[VCPUs=4] {Live:false Config:true}", ""},
		"most processors":        {199, words32(&web, 4, 6), "[VCPUs=4] {Live:false Config:true}", ""},
		"processors, now":        {199, words32(&db, 4, 0), "[VCPUs=4] {Live:false Config:true}", ""},
		"pin":                    {279, mapCall([]byte{2}, 3), "[AllowedCPUs=1] {Live:true Config:true}", ""},
		"pin to all":             {279, mapCall([]byte{3, 0}, 0), "[AllowedCPUs=] {Live:false Config:false}", ""},
		"job":                    {163, words32(&web), "", "00000002 00000000000005dc" + strings.Repeat("0000000000000000", 11)},
		"figures of a job":       {298, words32(&web, 0), "", "00000002 00000004" + tp("operation", 1, "00000000") + tp("time_elapsed", 4, "00000000000005dc") + tp("berth.kind", 7, text("relabel")) + tp("berth.files_processed", 4, "0000000000000007")},
		"figures of a past job":  {298, words32(&web, 1), "", "00000000 00000000"},
		"figures, keep the past": {298, words32(&web, 3), "", "00000000 00000000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := &changing{knowing: &knowing{fakeCore: &fakeCore{list: []service.Snapshot{web, db}}}}
			k.job = service.Job{Kind: service.JobRelabel, Elapsed: 1500 * time.Millisecond, Files: 7, Abortable: true}
			d := opened(t, serverOf(t, k, nil), false).must(tc.procedure, tc.args)
			if got := hex.EncodeToString(rest(d)); got != strings.ReplaceAll(tc.want, " ", "") {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			if told := k.heard(); told != tc.told {
				t.Errorf("the core was told %q", told)
			}
		})
	}
}

// TestNoJob: without a job its type is 0, and nothing else is told.
func TestNoJob(t *testing.T) {
	t.Parallel()
	k := &changing{knowing: &knowing{fakeCore: &fakeCore{list: []service.Snapshot{web}}}}
	c := opened(t, serverOf(t, k, nil), false)
	if got := hex.EncodeToString(rest(c.must(163, words32(&web)))); got != strings.Repeat("0", 8+16*12) {
		t.Errorf("info: %s", got)
	}
	if got := hex.EncodeToString(rest(c.must(298, words32(&web, 0)))); got != strings.Repeat("0", 16) {
		t.Errorf("stats: %s", got)
	}
}

// TestChangesRefused: unknown flags, what no container can have, and what a reader must not change are errors in
// libvirt's words, and the core is told nothing.
func TestChangesRefused(t *testing.T) {
	t.Parallel()
	eth0 := []string{"eth0"}
	for name, tc := range map[string]struct {
		procedure int32
		args      func(*xdr.Encoder)
		readOnly  bool
		code      int32
		text      string
	}{
		"flags of a rename":     {358, words32(&web, "other", 1), false, codeInvalidArg, "unsupported flags (0x1) in function lxcDomainRename"},
		"no new name":           {358, func(e *xdr.Encoder) { e.Domain(domainOf(&web)); e.Bool(false); e.U32(0) }, false, codeInvalidArg, "invalid argument: new_name in virDomainRename must not be NULL"},
		"rename, reader":        {358, words32(&web, "other", 0), true, codeOperationDenied, "operation forbidden: read only access prevents virDomainRename"},
		"flags of a reset":      {245, words32(&web, 1), false, codeInvalidArg, "unsupported flags (0x1) in function lxcDomainReset"},
		"reset, reader":         {245, words32(&web, 0), true, codeOperationDenied, "operation forbidden: read only access prevents virDomainReset"},
		"flags of an abort":     {442, words32(&web, 1), false, codeInvalidArg, "unsupported flags (0x1) in function lxcDomainAbortJobFlags"},
		"abort, reader":         {164, words32(&web), true, codeOperationDenied, "operation forbidden: read only access prevents virDomainAbortJob"},
		"flags of a detachment": {392, textCall("net0", 4), false, codeInvalidArg, "unsupported flags (0x4) in function lxcDomainDetachDeviceAlias"},
		"flags of figures":      {298, words32(&web, 4), false, codeInvalidArg, "unsupported flags (0x4) in function lxcDomainGetJobStats"},
		"nodes are a text":      {254, typedCall(0, nil, xdr.IntOf("numa_nodeset", 1)), false, codeInvalidArg, "invalid argument: invalid type for parameter 'numa_nodeset', which is a text"},
		"mode is a number":      {254, typedCall(0, nil, xdr.TextOf("numa_mode", "strict")), false, codeInvalidArg, "invalid argument: invalid type for parameter 'numa_mode', which is a number"},
		"unknown parameter":     {254, typedCall(0, nil, xdr.IntOf("numa_x", 1)), false, codeInvalidArg, "invalid argument: parameter 'numa_x' not supported"},
		"nodes, reader":         {254, typedCall(0, nil), true, codeOperationDenied, "operation forbidden: read only access prevents virDomainSetNumaParameters"},
		"floor":                 {256, typedCall(0, eth0, xdr.UIntOf("inbound.floor", 1)), false, codeConfigUnsupported, "unsupported configuration: parameter 'inbound.floor' is 1: Berth promises no bandwidth; 0 is none"},
		"floor of sending":      {256, typedCall(0, eth0, xdr.UIntOf("outbound.floor", 1)), false, codeInvalidArg, "invalid argument: parameter 'outbound.floor' not supported"},
		"rate is a number":      {256, typedCall(0, eth0, xdr.TextOf("inbound.peak", "1")), false, codeInvalidArg, "invalid argument: invalid type for parameter 'inbound.peak', which is a number"},
		"no interface":          {257, textCall("", 0, 0), false, codeInvalidArg, "invalid argument: the container has no interface ''"},
		"both bandwidths":       {257, textCall("eth0", 0, 3), false, codeInvalidArg, "flags 'VIR_DOMAIN_AFFECT_LIVE' and 'VIR_DOMAIN_AFFECT_CONFIG' are mutually exclusive"},
		"bandwidth, reader":     {256, typedCall(0, eth0), true, codeOperationDenied, "operation forbidden: read only access prevents virDomainSetInterfaceParameters"},
		"processors, running": {
			199, words32(&web, 2, 0), false, codeOperationUnsupported,
			"Operation not supported: a running container sees the processors of the host; emulatorpin and schedinfo limit it, and --config changes the number in its definition",
		},
		"processors, off":        {32, words32(&db, 2), false, codeOperationInvalid, "Requested operation is not valid: domain is not running"},
		"processors in a guest":  {199, words32(&db, 2, 8), false, codeInvalidArg, "unsupported flags (0x8) in function lxcDomainSetVcpusFlags"},
		"processors, reader":     {199, words32(&db, 2, 0), true, codeOperationDenied, "operation forbidden: read only access prevents virDomainSetVcpusFlags"},
		"pin to none":            {279, mapCall([]byte{0}, 0), false, codeInvalidArg, "invalid argument: Empty cpu list for pinning"},
		"pin, flags":             {279, mapCall([]byte{1}, 8), false, codeInvalidArg, "unsupported flags (0x8) in function lxcDomainPinEmulator"},
		"a set that is too long": {279, mapCall(make([]byte, mostMap+1), 0), false, codeRPC, "Unable to decode message payload: "},
		"pin, reader":            {279, mapCall([]byte{1}, 0), true, codeOperationDenied, "operation forbidden: read only access prevents virDomainPinEmulator"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := &changing{knowing: &knowing{fakeCore: &fakeCore{list: []service.Snapshot{web, db}}}}
			_, err := opened(t, serverOf(t, k, nil), tc.readOnly).call(tc.procedure, tc.args)
			e, is := errors.AsType[*remoteError](err)
			if !is || e.code != tc.code || !strings.HasPrefix(e.text, tc.text) {
				t.Errorf("%v", err)
			}
			if told := k.heard(); told != "" {
				t.Errorf("the core was told %q", told)
			}
		})
	}
}

// panicking is a core that cannot even say whom a call is about.
type panicking struct{ *fakeCore }

func (panicking) WhoHas(domain.UUID) slog.Attr { panic("no name") }

// TestPanicInLog: a panic of the core over the name for the log ends neither the call without an answer nor the
// connection.
func TestPanicInLog(t *testing.T) {
	t.Parallel()
	c := opened(t, serverOf(t, panicking{&fakeCore{list: []service.Snapshot{web}}}, nil), false)
	if code := c.code(245, words32(&web, 0)); code != codeInternal { // the core has no Reset
		t.Errorf("%d", code)
	}
	if got := c.must(212, about(web)).I32(); got != stateRunning {
		t.Errorf("state %d", got)
	}
}
