//go:build nest

package nest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const metricsSocket = "/run/berth-metrics.sock"

// withMetrics switches the metrics on until the test's end.
func withMetrics(t *testing.T) {
	t.Helper()
	run(t, "systemctl", "stop", "berthd")
	run(t, "systemctl", "start", "berth-metrics.socket")
	t.Cleanup(func() {
		run(t, "systemctl", "stop", "berthd.service", "berth-metrics.socket")
		if _, err := os.Stat(metricsSocket); err == nil {
			t.Error("the socket is still there")
		}
	})
}

// pipe runs a program with an input and returns what it printed.
func pipe(t *testing.T, input string, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestMetricsSocket: the metrics are off at first. With their socket a scrape starts berthd, promtool finds nothing to
// complain about, the figures are those of the containers, and both formats are served. Only root may connect. No
// container inherits the socket.
func TestMetricsSocket(t *testing.T) {
	clean(t)
	run(t, "systemctl", "restart", "berthd")
	if got := try(t, "berthctl", "metrics"); got.Status == 0 || !strings.Contains(got.Err, "switched off") {
		t.Errorf("%+v", got)
	}
	withMetrics(t)
	if got := try(t, "systemctl", "is-active", "berthd.service"); got.Out != "inactive" {
		t.Errorf("berthd is %s", got.Out)
	}
	text := run(t, "berthctl", "metrics")
	if !strings.Contains(text, "berth_build_info{") || !strings.Contains(text, `berth_containers{state="running"} 0`) {
		t.Errorf("without a container:\n%s", text)
	}
	g := sleeper(t, "seen")
	g.start(t)
	sleeper(t, "off").define(t)
	u := info(t, "seen").UUID
	run(t, "berthctl", "suspend", "seen")
	run(t, "berthctl", "resume", "seen")
	text = run(t, "berthctl", "metrics") + "\n"
	labels := `{name="seen",uuid="` + u + `"`
	for _, want := range []string{
		"berth_container_cpu_seconds_total" + labels + "} 0", "berth_container_state" + labels + `,state="running"} 1`,
		"berth_container_starts_total" + labels + "} 1", `berth_container_info` + labels + `,machine="seen",persistent="true"} 1`,
		"berth_starts_total 1", `berth_containers{state="shutoff"} 1`, "berth_container_start_time_seconds" + labels + "} 1",
	} {
		if !strings.Contains(text, "\n"+want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if out, err := pipe(t, text, "promtool", "check", "metrics"); err != nil || out != "" {
		t.Errorf("promtool: %v\n%s", err, out)
	}
	if got := run(t, "berthctl", "metrics", "--openmetrics"); !strings.HasSuffix(got, "# EOF") || !strings.Contains(got, "# TYPE berth_container_cpu_seconds counter") {
		t.Errorf("OpenMetrics: ...%s", got[max(0, len(got)-100):])
	}
	if got := try(t, "runuser", "-u", "nobody", "--", "berthctl", "metrics"); got.Status == 0 || !strings.Contains(got.Err, "permission denied") {
		t.Errorf("nobody gets %+v", got)
	}
	supervisor := keeperOf(info(t, "seen"))
	for _, pid := range []string{fmt.Sprint(supervisor), fmt.Sprint(info(t, "seen").Leader)} {
		if got := run(t, "ls", "-l", "/proc/"+pid+"/fd"); strings.Contains(got, "socket") && pid != fmt.Sprint(supervisor) {
			t.Errorf("the container has sockets:\n%s", got)
		}
		if env := run(t, "cat", "/proc/"+pid+"/environ"); strings.Contains(env, "LISTEN_") {
			t.Errorf("process %s has %q", pid, env)
		}
	}
	run(t, "systemctl", "kill", "--signal=KILL", "berthd") // systemd has the socket
	eventually(t, func() error {
		if got := try(t, "berthctl", "metrics"); got.Status != 0 || !strings.Contains(got.Out, "berth_container_cpu_seconds_total"+labels) {
			return fmt.Errorf("after a crash: %s", got.Err)
		}
		return nil
	})
}

// TestMetricsSlowReaders: clients that ask for the metrics and do not read, or ask nothing, keep neither the bus nor
// another scraper waiting.
func TestMetricsSlowReaders(t *testing.T) {
	clean(t)
	withMetrics(t)
	g := sleeper(t, "busy")
	g.define(t)
	for i := range 7 {
		conn, err := net.Dial("unix", metricsSocket)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if i%2 == 0 {
			_, _ = io.WriteString(conn, "GET /metrics HTTP/1.1\r\n\r\n")
		}
	}
	began := time.Now()
	run(t, "berthctl", "start", "busy")
	run(t, "berthctl", "destroy", "busy")
	text := run(t, "berthctl", "metrics")
	if took := time.Since(began); took > patience || !bytes.Contains([]byte(text), []byte(`name="busy"`)) {
		t.Errorf("a start, a stop and a scrape took %v", took)
	}
}
