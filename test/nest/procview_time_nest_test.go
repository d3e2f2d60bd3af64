//go:build nest

package nest

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// agree is a script that prints what ps and others compute: the host's time, the age and the start of process 1,
// the share of a busy process, uptime, btime, the start of process 1 after it, and the kernel's own btime and uptime,
// which a proc that is mounted inside shows.
const agree = `(while :; do :; done) & busy=$!
sleep 2
echo now=$(date +%s) etimes=$(ps -o etimes= -p 1 | tr -d ' ') lstart=$(date -d "$(ps -o lstart= -p 1)" +%s) pcpu=$(ps -o pcpu= -p $busy | tr -d ' ')
echo uptime=$(cut -d' ' -f1 /proc/uptime) btime=$(grep ^btime /proc/stat | cut -d' ' -f2) start=$(cut -d' ' -f22 /proc/1/stat)
unshare -Urmpf --mount-proc sh -c 'echo kernel_btime=$(grep ^btime /proc/stat | cut -d" " -f2) kernel_uptime=$(cut -d" " -f1 /proc/uptime)'
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
	f := figures(t, tell(t, guest{Name: "web"}, agree))
	for what, pair := range map[string][2]float64{
		"ps: the age of process 1":      {f["etimes"], 2},
		"ps: the start of process 1":    {f["lstart"], f["now"] - 2},
		"btime and the start":           {f["btime"] + f["start"]/100, f["now"] - 2},
		"uptime less the start":         {f["uptime"] - f["start"]/100, 2},
		"uptime is the container's own": {f["uptime"], 2},
		"the kernel's btime":            {f["kernel_btime"], f["btime"]},
		"the kernel's uptime":           {f["kernel_uptime"], f["uptime"]},
	} {
		if math.Abs(pair[0]-pair[1]) > 3 {
			t.Errorf("%s: %v, want about %v, of %v", what, pair[0], pair[1], f)
		}
	}
	if f["pcpu"] < 20 {
		t.Errorf("a busy process has %v %% of a processor", f["pcpu"])
	}
}

// TestTimesOfProcesses: the kernel's start times, uptime and btime agree in each kind of container, when it was
// suspended, and after a restart of the daemon.
func TestTimesOfProcesses(t *testing.T) {
	for kind, more := range map[string]string{"host's users": "", "user namespace": idmap} {
		t.Run(kind, func(t *testing.T) {
			clean(t)
			g := guest{Name: "web", Root: busybox(t), More: more}
			script := "#!/bin/sh\nwhile :; do echo uptime=$(cut -d' ' -f1 /proc/uptime) $(uptime | sed 's/.*up \\([0-9]*\\) min.*/minutes=\\1/') " +
				"btime=$(grep ^btime /proc/stat | cut -d' ' -f2) own=$(cut -d' ' -f22 /proc/self/stat) > /new; mv /new /told; sleep 0.1; done\n"
			if err := os.WriteFile(filepath.Join(g.Root, "init"), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			g.Init = "/init"
			before := time.Now()
			g.start(t)
			started := time.Now()
			time.Sleep(time.Second)
			for _, order := range [][]string{nil, {"berthctl", "suspend", "web"}, {"berthctl", "resume", "web"}, {"systemctl", "restart", "berthd"}} {
				if order != nil {
					run(t, order[0], order[1:]...)
				}
				if order != nil && order[1] == "suspend" {
					time.Sleep(time.Second)
					continue
				}
				time.Sleep(500 * time.Millisecond)
				f := figures(t, readFile(t, filepath.Join(g.Root, "told")))
				least, most := time.Since(started).Seconds()-0.6, time.Since(before).Seconds()+0.1
				if f["uptime"] < least || f["uptime"] > most || f["own"]/100 < f["uptime"]-0.2 || f["own"]/100 > f["uptime"]+0.2 || f["minutes"] != 0 {
					t.Errorf("%q: not %v to %v: %v", order, least, most, f)
				}
				if f["btime"] < float64(before.Unix())-1 || f["btime"] > float64(started.Unix())+1 {
					t.Errorf("%q: btime %v, started at %v", order, f["btime"], before.Unix())
				}
			}
			run(t, "berthctl", "destroy", "web")
		})
	}
}
