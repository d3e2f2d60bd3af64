//go:build nest

package nest

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// autoIDs has the ids of a container chosen; with a uuid it is the same container each time.
func autoIDs(uuid string) string {
	return "<uuid>" + uuid + "</uuid><container xmlns='urn:berth:container:1'><idmap mode='auto'/></container>"
}

const (
	firstUUID  = "0b62e76d-2f4c-4a0c-b2a0-ff0ed9c1f3a1"
	secondUUID = "5e1f7ec2-9c7c-4d0b-8a6b-0d1a4b1f6f00"
)

// chosen reads the first id of the host that a container's stored definition has.
func chosen(t testing.TB, name string) string {
	t.Helper()
	text := run(t, "berthctl", "dumpxml", "--inactive", name)
	m := regexp.MustCompile(`<uid start='0' target='(\d+)' count='65536'/>\s+<gid start='0' target='(\d+)' count='65536'/>`).FindStringSubmatch(text)
	if m == nil || m[1] != m[2] || !strings.Contains(text, "<berth:idmap mode='auto'/>") {
		t.Fatalf("no range of its own in:\n%s", text)
	}
	return m[1]
}

// TestAutoIDs: each container has a range of ids of its own, inside as in its XML, and keeps it
// over a redefinition and a new daemon.
func TestAutoIDs(t *testing.T) {
	clean(t)
	const look = "id -u; cat /proc/self/uid_map /proc/self/gid_map; exec sleep 100000"
	a, b := script(t, "a", look), script(t, "b", look)
	a.More, b.More = autoIDs(firstUUID), autoIDs(secondUUID)
	ranges := map[string]string{}
	for _, g := range []guest{a, b} {
		g.start(t)
		ranges[g.Name] = chosen(t, g.Name)
		if first, err := strconv.Atoi(ranges[g.Name]); err != nil || first%65536 != 0 || first < 524288 || first > 1878982656 {
			t.Errorf("%s has the range from %s on", g.Name, ranges[g.Name])
		}
		line := "0 " + ranges[g.Name] + " 65536"
		output := strings.Join(strings.Fields(says(t, g.Name, "65536\n")), " ")
		if strings.Count(output, line) != 2 || !strings.HasPrefix(output, "0 0 ") {
			t.Errorf("%s sees %q, not %q twice", g.Name, output, line)
		}
	}
	if ranges["a"] == ranges["b"] {
		t.Errorf("both have the range from %s on", ranges["a"])
	}
	run(t, "berthctl", "define", a.file(t)) // while it runs
	killDaemon(t)
	run(t, "berthctl", "define", b.file(t)) // what the next daemon has read
	for name, first := range ranges {
		if now := chosen(t, name); now != first {
			t.Errorf("%s has the range from %s on, and had %s", name, now, first)
		}
	}
	c := sleeper(t, "c")
	c.More = "<container xmlns='urn:berth:container:1'><idmap mode='auto'/></container>" +
		strings.NewReplacer("100000", ranges["b"], "200000", ranges["b"]).Replace(idmap)
	if r := try(t, "berthctl", "define", c.file(t)); r.Status != 1 || !strings.Contains(r.Err, "berth:idmap: the container 'b' has some of the ids") {
		t.Errorf("the ids of another: %+v", r)
	}
}

// TestAutoIDsOfTheHost: no container gets an id that /etc/subuid gives to somebody.
func TestAutoIDsOfTheHost(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.More = autoIDs(firstUUID)
	defined := func() string {
		t.Helper()
		run(t, "berthctl", "define", g.file(t))
		defer run(t, "berthctl", "undefine", "web")
		return chosen(t, "web")
	}
	first := defined()
	if again := defined(); again != first {
		t.Fatalf("it had the range from %s on, and now %s; the rest of this test shows nothing", first, again)
	}
	const file = "/etc/subuid"
	before, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.WriteFile(file, before, 0o644); err != nil {
			t.Error(err)
		}
	})
	middle, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(before, "somebody:"+strconv.Itoa(middle+1000)+":1\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	if now := defined(); now == first {
		t.Errorf("it has the range from %s on, an id of which is in %s", now, file)
	}
	g.More += strings.NewReplacer("100000", first, "200000", first).Replace(idmap)
	if r := try(t, "berthctl", "define", g.file(t)); r.Status != 1 || !strings.Contains(r.Err, "berth:idmap: the host itself uses "+strconv.Itoa(middle+1000)) {
		t.Errorf("the ids of the host: %+v", r)
	}
}
