package top

import (
	"fmt"
	"strings"
	"testing"
)

// host is that of the tests.
func host() Host { return Host{Architecture: "x86_64", CPUs: 4, MHz: 2600, Memory: 16 << 30} }

// container makes one with figures: processor time in ms, memory in MiB, bytes read in KiB, tasks.
func container(name, state string, id uint32, cpu, memory, read, tasks uint64) Container {
	c := Container{Name: name, UUID: "uuid of " + name, State: state, ID: id}
	if id == 0 {
		return c
	}
	c.Figures.Put(CPUUSec, cpu*1000)
	c.Figures.Put(Memory, memory<<20)
	c.Figures.Put(ReadBytes, read<<10)
	c.Figures.Put(WriteBytes, 0)
	c.Figures.Put(Tasks, tasks)
	return c
}

// fleet is looked at twice, a second apart.
func fleet() (before, now Look) {
	before = Look{NSec: 5e9, Clock: "12:00:00", Containers: []Container{
		container("web", "running", 4711, 60_000, 200, 0, 12),
		container("db", "running", 99, 3_600_000, 4096, 5, 200),
		container("build", "paused", 100, 10, 20, 0, 1),
		container("old", "shutoff", 0, 0, 0, 0, 0),
		container("again", "running", 7, 9_000, 64, 0, 3),
	}}
	before.Containers[0].Figures.Put(ReceiveBytes, 1000)
	before.Containers[0].Figures.Put(TransmitBytes, 0)
	before.Containers[2].Figures.Put(ReceiveBytes, 0)
	before.Containers[2].Figures.Put(TransmitBytes, 0)
	now = Look{NSec: 6e9, Clock: "12:00:01", Containers: []Container{
		container("web", "running", 4711, 62_000, 210, 0, 13),
		container("db", "running", 99, 3_600_300, 4096, 1541, 200),
		container("build", "paused", 100, 10, 20, 0, 1),
		container("old", "shutoff", 0, 0, 0, 0, 0),
		container("again", "running", 8, 20, 64, 0, 3),
		container("größe-名前", "running", 12, 5, 1, 0, 1),
	}}
	now.Containers[0].Figures.Put(ReceiveBytes, 1000+(3<<20))
	now.Containers[0].Figures.Put(TransmitBytes, 8192)
	now.Containers[2].Figures.Put(ReceiveBytes, 4<<20)
	now.Containers[2].Figures.Put(TransmitBytes, 9000)
	return before, now
}

// view has looked at the fleet.
func view(t *testing.T, o Options) *View {
	t.Helper()
	if o.Seconds == 0 {
		o.Seconds = 3
	}
	v, err := New(host(), o)
	if err != nil {
		t.Fatal(err)
	}
	before, now := fleet()
	v.See(before)
	v.See(now)
	return v
}

// names returns the names in the table, in their order.
func names(v *View) string {
	var list []string
	for _, r := range v.rows() {
		list = append(list, r.Name)
	}
	return strings.Join(list, " ")
}

// screen returns the lines as text, with a mark for their style.
func screen(v *View, width, height int) string {
	var b strings.Builder
	for _, l := range v.Lines(width, height) {
		fmt.Fprintf(&b, "%c|%s\n", " HNC"[l.Style], l.Text)
	}
	return b.String()
}

// press types keys.
func press(v *View, keys ...Key) Action {
	last := Redraw
	for _, k := range keys {
		last = v.Press(k)
	}
	return last
}

// typed turns a text into keys.
func typed(text string) []Key {
	var keys []Key
	for _, r := range text {
		keys = append(keys, Key(r))
	}
	return keys
}
