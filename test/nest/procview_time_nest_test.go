//go:build nest

package nest

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// agree is a script that prints what ps and others compute: the host's time before and after, the age and the start of
// process 1, the share of a busy process and its ticks before and after, uptime, btime, the start of process 1 after
// it, and the kernel's own btime and uptime, which a proc that is mounted inside shows.
const agree = `begun=$(date +%s); (while :; do :; done) & busy=$!
forked=$(date +%s); ticks() { cut -d' ' -f14 /proc/$busy/stat; }
sleep 2
echo begun=$begun forked=$forked before=$(date +%s) ticks=$(ticks)
echo etimes=$(ps -o etimes= -p 1 | tr -d ' ') lstart=$(date -d "$(ps -o lstart= -p 1)" +%s) pcpu=$(ps -o pcpu= -p $busy | tr -d ' ')
echo uptime=$(cut -d' ' -f1 /proc/uptime) btime=$(grep ^btime /proc/stat | cut -d' ' -f2) start=$(cut -d' ' -f22 /proc/1/stat)
unshare -Urmpf --mount-proc sh -c 'echo kernel_btime=$(grep ^btime /proc/stat | cut -d" " -f2) kernel_uptime=$(cut -d" " -f1 /proc/uptime)'
echo ticks_after=$(ticks) after=$(date +%s)
kill $busy`

// figures reads the words NAME=NUMBER.
func figures(t *testing.T, text string) map[string]float64 {
	t.Helper()
	m := map[string]float64{}
	for word := range strings.FieldsSeq(text) {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatalf("%q in\n%s", word, text)
		}
		m[name] = n
	}
	return m
}

// TestTimesAgree: when a process started, by whatever procps computes that from, agrees with the clock. Uptime
// is the container's.
func TestTimesAgree(t *testing.T) {
	clean(t)
	called := float64(time.Now().Unix())
	f := figures(t, tell(t, guest{Name: "web"}, agree))
	// Process 1 began between the call and its own first look at the clock, however slow the machine is.
	youngest, oldest := f["before"]-f["begun"], f["after"]-called
	for what, c := range map[string]struct{ got, least, most float64 }{
		"ps: the age of process 1":      {f["etimes"], youngest, oldest},
		"ps: the start of process 1":    {f["lstart"], called, f["begun"]},
		"btime and the start":           {f["btime"] + f["start"]/100, called, f["begun"]},
		"uptime less the start":         {f["uptime"] - f["start"]/100, youngest, oldest},
		"uptime is the container's own": {f["uptime"], youngest, oldest},
		"the kernel's btime":            {f["kernel_btime"], f["btime"], f["btime"]},
		"the kernel's uptime":           {f["kernel_uptime"], f["uptime"], f["uptime"] + f["after"] - f["before"]},
		"ps: the share of a busy one": {
			f["pcpu"], f["ticks"] / (f["after"] - f["begun"] + 2), f["ticks_after"] / max(1, f["before"]-f["forked"]-2),
		},
	} {
		if c.got < c.least-2 || c.got > c.most+2 { // each is rounded to a second
			t.Errorf("%s: %v, want %v to %v, of %v", what, c.got, c.least, c.most, f)
		}
	}
}

// toldAnew returns what a guest that writes its file /told again and again has written, and began to write after now.
func toldAnew(t *testing.T, root string) (text string) {
	t.Helper()
	file := filepath.Join(root, "told")
	for range 2 { // the first one may have been begun before
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		eventually(t, func() error {
			b, err := os.ReadFile(file)
			text = string(b)
			return err
		})
	}
	return text
}

// TestTimesOfProcesses: the kernel's start times, uptime and btime agree in each kind of container, when it was
// suspended, and after a restart of the daemon.
func TestTimesOfProcesses(t *testing.T) {
	for kind, more := range map[string]string{"host's users": "", "user namespace": idmap} {
		t.Run(kind, func(t *testing.T) {
			clean(t)
			g := guest{Name: "web", Root: busybox(t), More: more}
			script := "#!/bin/sh\nwhile :; do echo uptime=$(cut -d' ' -f1 /proc/uptime) $(uptime | sed 's/.*up \\([0-9]*\\) min.*/minutes=\\1/') " +
				"btime=$(grep ^btime /proc/stat | cut -d' ' -f2) own=$(cut -d' ' -f22 /proc/self/stat) then=$(cut -d' ' -f1 /proc/uptime) > /new; mv /new /told; sleep 0.1; done\n"
			if err := os.WriteFile(filepath.Join(g.Root, "init"), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			g.Init = "/init"
			before := time.Now()
			g.start(t)
			started := time.Now()
			for _, order := range [][]string{nil, {"berthctl", "suspend", "web"}, {"berthctl", "resume", "web"}, {"systemctl", "restart", "berthd"}} {
				if order != nil {
					run(t, order[0], order[1:]...)
				}
				time.Sleep(time.Second) // for uptime to be another one
				if order != nil && order[1] == "suspend" {
					continue
				}
				least := time.Since(started).Seconds() - 0.1
				f := figures(t, toldAnew(t, g.Root))
				most := time.Since(before).Seconds() + 0.1
				if f["uptime"] < least || f["then"] > most || f["own"]/100 < f["uptime"]-0.05 || f["own"]/100 > f["then"]+0.05 {
					t.Errorf("%q: not %v to %v: %v", order, least, most, f)
				}
				if f["minutes"] < math.Floor(f["uptime"]/60) || f["minutes"] > math.Floor(f["then"]/60) {
					t.Errorf("%q: minutes of uptime(1): %v", order, f)
				}
				if f["btime"] < float64(before.Unix())-1 || f["btime"] > float64(started.Unix())+1 {
					t.Errorf("%q: btime %v, started at %v", order, f["btime"], before.Unix())
				}
			}
			run(t, "berthctl", "destroy", "web")
		})
	}
}
