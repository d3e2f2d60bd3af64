package cli

import (
	"context"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/berthd/berth/internal/client"
)

// eventful is a berthd where something of each kind happens, and then the time of a wait is up.
func eventful() (*fake, Config) {
	f := fleet()
	web, db := pathOf(f.infos[0]), pathOf(f.infos[1])
	f.happens = []client.Event{
		{Signal: client.Lifecycle, Path: web, Name: "web", UUID: f.infos[0].UUID, Kind: "started", Detail: "booted"},
		{Signal: client.Lifecycle, Path: db, Name: "db", UUID: f.infos[1].UUID, Kind: "stopped", Detail: "failed"},
		{Signal: client.DeviceAdded, Path: web, Detail: "disk0"},
		{Signal: client.DeviceRemoved, Path: web, Detail: "ua-b"},
		{Signal: client.DeviceRemoved, Path: "/org/berth1/container/_gone", Detail: "ua-c"},
		{Signal: client.MetadataChanged, Path: web, Kind: "title"},
		{Signal: client.MetadataChanged, Path: web, Kind: "element", Detail: "http://example.org/a"},
		{Signal: client.Lifecycle, Path: web, Name: "web", UUID: f.infos[0].UUID, Kind: "rebooted", Detail: "guest"},
		{Signal: client.OOMKill, Path: web, Name: "web", UUID: f.infos[0].UUID, Kills: 3},
		{Signal: client.NetworkChanged, Name: "default", UUID: "c0ffee", Kind: "started"},
		{Signal: client.NetworkChanged, Name: "it's", UUID: "beef", Kind: "defined"},
	}
	cfg := config(f)
	late := make(chan time.Time)
	cfg.After = func(time.Duration) <-chan time.Time { return late }
	f.told = func() { close(late) }
	return f, cfg
}

// TestEvents: event and net-event print each event as virsh does, or as JSON, for one container or all.
func TestEvents(t *testing.T) {
	t.Parallel()
	at := regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d+(\+0000|Z)`)
	var got strings.Builder
	for _, line := range []string{
		"event --list", "event --all --loop --timeout 9", "event --event lifecycle", "event --event lifecycle --loop --timestamp --timeout 9", "event --event reboot",
		"event web --all --loop --timeout 9", "event --domain db --all --loop --timeout 9", "event --event device-added --loop --timeout 9 --domain build", "event --all --loop --timeout 9 --json",
		"event", "event --all --event reboot", "event --event tunable", "event --all --timeout 0", "event --all --timeout x", "event nosuch --all",
		"net-event --list", "net-event --event lifecycle --loop --timeout 9", "net-event default --event lifecycle --loop --timeout 9 --timestamp", "net-event --event lifecycle --json",
		"net-event", "net-event --event x", "net-event nosuch --event lifecycle",
	} {
		_, cfg := eventful()
		o := runWith(t.Context(), cfg, strings.Fields(line)...)
		got.WriteString("$ berthctl " + line + "\n" + at.ReplaceAllString(o.out, "TIME") + o.err + "[" + string(rune('0'+o.status)) + "]\n\n")
	}
	golden(t, "events", got.String())
}

// TestEventsEnd: an interrupt ends the wait, and so does the end of the bus. Events that came before are printed.
func TestEventsEnd(t *testing.T) {
	t.Parallel()
	f, cfg := eventful()
	ctx, cancel := context.WithCancel(t.Context())
	f.told = cancel
	got := runWith(ctx, cfg, "event", "--event", "reboot", "--loop")
	if want := (outcome{out: "event 'reboot' for domain 'web'\nevent loop interrupted\nevents received: 1\n"}); got != want {
		t.Errorf("got %+v", got)
	}
	f, cfg = eventful()
	f.told, f.lost = func() {}, true
	got = runWith(t.Context(), cfg, "event", "--event", "oom-kill", "--loop")
	if got.status != 1 || !strings.HasPrefix(got.out, "event 'oom-kill' for domain 'web': 3\n") || !strings.HasPrefix(got.err, "error: connection to the system bus lost") {
		t.Errorf("got %+v", got)
	}
}

// firstWrite tells when something is written.
type firstWrite struct {
	io.Writer
	written chan<- string
}

func (w firstWrite) Write(p []byte) (int, error) {
	w.written <- string(p)
	return len(p), nil
}

// TestEventsAtOnce: an event is printed when it comes, not when the command ends.
func TestEventsAtOnce(t *testing.T) {
	t.Parallel()
	f, cfg := eventful()
	f.told = func() {}
	written := make(chan string, 9)
	cfg.Out = firstWrite{written: written}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan outcome, 1)
	go func() { done <- runWith(ctx, cfg, "event", "--event", "oom-kill", "--loop") }()
	if got := <-written; got != "event 'oom-kill' for domain 'web': 3\n" {
		t.Errorf("got %q", got)
	}
	cancel()
	<-done
}
