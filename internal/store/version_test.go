package store

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// TestReleasedNote: a note that release 0.1.0 wrote, internal/store at e0c27d2, is read with all its values, and
// today's note of it has these values under the same names, so that release 0.1.0 can read it.
func TestReleasedNote(t *testing.T) {
	t.Parallel()
	old, err := os.ReadFile("testdata/0.1.0/state.json")
	if err != nil {
		t.Fatal(err)
	}
	base := t.TempDir()
	r, _ := runs(t, base)
	u, err := domain.ParseUUID("8dd2b5e8-4b0c-4e5c-a6a5-3a4fd4a5ff3b")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := r.Create(u)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, stateFile), string(old))
	got, log := reloadRuns(t, base)
	if len(got) != 1 || got[0].Err != nil || log != "" {
		t.Fatalf("loaded %v, %s", got, log)
	}
	run := got[0].Run
	def, err := domain.Parse([]byte(run.XML))
	if err != nil || def.Name != "web" || def.UUID != u {
		t.Errorf("its definition is %v, %v", def, err)
	}
	at := time.Date(2026, 11, 23, 18, 30, 0, 123456789, time.UTC)
	want := service.Run{
		UUID: u, State: service.StatePaused, Reason: "user", Changed: at, Started: at.Add(-time.Hour),
		Machine: "web", Unit: "machine-web.scope", Slice: "machine.slice", Group: "/machine.slice/machine-web.scope",
		LastExit: service.Exit{Kind: service.ExitKilled, Code: 9}, Stopping: true, Destroyed: true, XML: run.XML,
	}
	if diff := cmp.Diff(want, run); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if err := r.Save(run); err != nil {
		t.Fatal(err)
	}
	before, after := fields(t, string(old)), fields(t, noteOf(t, dir))
	for name, value := range before {
		if diff := cmp.Diff(value, after[name]); diff != "" {
			t.Errorf("%s (-before +after)\n%s", name, diff)
		}
	}
}

func noteOf(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func fields(t *testing.T, note string) (all map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(note), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestNewerNote: what a newer daemon has put into a note survives that an older one reads and saves it.
func TestNewerNote(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	r, _ := runs(t, base)
	run := exampleRun(1)
	dir := begin(t, r, run)
	const more = `"mirrors":[{"host":8080,"to":80}],"labels":{"process":"s0:c1,c2"},"big":12345678901234567890,"nothing":null,"Word":"<a&b>",`
	newer := "{" + more + strings.Replace(noteOf(t, dir)[1:], `"version":1`, `"version":9`, 1)
	write(t, filepath.Join(dir, stateFile), newer)
	for range 3 { // daemons
		got, log := reloadRuns(t, base)
		if len(got) != 1 || got[0].Err != nil || log != "" {
			t.Fatalf("loaded %v, %s", got, log)
		}
		loaded := got[0].Run
		if len(loaded.Others) != 5 || loaded.Version != 9 {
			t.Errorf("version %d, others %q", loaded.Version, loaded.Others)
		}
		loaded.Others, loaded.Version = nil, run.Version
		if diff := cmp.Diff(run, loaded); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		run.State, run.LastExit.Code = service.StateRunning, run.LastExit.Code+1
		changed := got[0].Run
		changed.State, changed.LastExit = run.State, run.LastExit
		if err := r.Save(changed); err != nil {
			t.Fatal(err)
		}
	}
	want, after := fields(t, newer), fields(t, noteOf(t, dir))
	for _, name := range []string{"mirrors", "labels", "big", "nothing", "Word", "version"} {
		if value, there := after[name]; !there || cmp.Diff(want[name], value) != "" {
			t.Errorf("%s: %v became %v, %v", name, want[name], value, there)
		}
	}
	if !strings.Contains(noteOf(t, dir), `12345678901234567890`) {
		t.Errorf("a number lost digits: %s", noteOf(t, dir))
	}
	if after["state"] != string(service.StateRunning) {
		t.Errorf("the state is %v", after["state"])
	}
}

// TestNewerFieldNeverWins: a field of ours is ours, also when it was left out of an older daemon's note.
func TestNewerFieldNeverWins(t *testing.T) {
	t.Parallel()
	run := exampleRun(1)
	run.Others = map[string]json.RawMessage{"state": json.RawMessage(`"off"`), "extra": json.RawMessage(`1`)}
	text, err := encode(run)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode(text)
	if err != nil || got.State != run.State || len(got.Others) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if len(run.Others) != 2 {
		t.Errorf("the run that was saved has changed: %q", run.Others)
	}
}
