//go:build clients

package clients

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// background starts a program that ends with the test. It shows what that has printed when the test fails.
func background(t *testing.T, name string, args ...string) {
	t.Helper()
	var output strings.Builder
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s has printed:\n%s", name, output.String())
		}
	})
}

// TestCollectd: collectd's plugin virt writes a container's figures, and they are the kernel's.
func TestCollectd(t *testing.T) {
	busy(t)
	shell(t, "rm -rf /tmp/collectd; mkdir /tmp/collectd")
	t.Cleanup(func() { shell(t, "rm -rf /tmp/collectd") })
	before := consumed(t, "busy")
	background(t, "collectd", "-f", "-C", filepath.Join(here, "testdata/collectd.conf"))
	// last gives the fields of the newest row of a file, the time first.
	last := func(name string) ([]string, error) {
		found, err := filepath.Glob("/tmp/collectd/csv/busy/virt/" + name + "-20*")
		if err != nil || len(found) != 1 {
			return nil, fmt.Errorf("%s: %v", name, found)
		}
		rows := strings.Split(strings.TrimSpace(read(t, found[0])), "\n")
		return strings.Split(rows[len(rows)-1], ","), nil
	}
	for name, right := range map[string]func(fields []string) error{
		// Of one interval, and ns in a second.
		"percent-virt_cpu_total": func(f []string) error { return between(f[1], 100) },
		"virt_cpu_total":         func(f []string) error { return between(f[1], float64(consumed(t, "busy")-before)) },
		"domain_state":           func(f []string) error { return wants(f[1:], "1.000000", "1.000000") }, // running, booted
		"memory-total":           func(f []string) error { return wants(f[1:], fmt.Sprintf("%d.000000", memory(t, "busy")*1024)) },
		"if_octets-busy0": func(f []string) error {
			if len(f) != 3 {
				return fmt.Errorf("got %v", f)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			eventually(t, func() error {
				fields, err := last(name)
				if err == nil {
					err = right(fields)
				}
				return err
			})
		})
	}
}

// between is an error unless a text is a number above 0, and at most the greatest.
func between(text string, greatest float64) error {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return err
	}
	if n <= 0 || n > greatest {
		return fmt.Errorf("got %v, which should be up to %v", n, greatest)
	}
	return nil
}

func wants(got []string, want ...string) error {
	if strings.Join(got, " ") != strings.Join(want, " ") {
		return fmt.Errorf("got %v, want %v", got, want)
	}
	return nil
}

// TestExporter: prometheus-libvirt-exporter tells Prometheus of a container, and its figures are the kernel's.
func TestExporter(t *testing.T) {
	busy(t)
	const address = "127.0.0.1:9177"
	background(t, "prometheus-libvirt-exporter", "--libvirt.uri=lxc:///system", "--web.listen-address="+address)
	before, earlier := consumed(t, "busy"), sent("busy0")
	var text string
	eventually(t, func() error {
		answer, err := http.Get("http://" + address + "/metrics")
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		all, err := io.ReadAll(answer.Body)
		text = string(all)
		return err
	})
	after, later := consumed(t, "busy"), sent("busy0")
	number := func(name string) float64 {
		found := regexp.MustCompile(`(?m)^` + name + `(?:{[^}]*})? (\S+)$`).FindStringSubmatch(text)
		if found == nil {
			t.Fatalf("there is no %s in:\n%s", name, text)
		}
		n, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for name, want := range map[string]float64{
		"libvirt_up": 1, "libvirt_domains_number": 1, "libvirt_domain_state_code": 1, "libvirt_domain_info_virtual_cpus": 1,
		"libvirt_domain_info_maximum_memory_bytes": 64 << 20,
	} {
		if got := number(name); got != want {
			t.Errorf("%s is %v, not %v", name, got, want)
		}
	}
	near(t, "the processor time", before, uint64(number("libvirt_domain_info_cpu_time_seconds_total")*1e9+0.5), after)
	near(t, "what the container sent", earlier, uint64(number("libvirt_domain_interface_stats_transmit_bytes_total")), later)
	now := memory(t, "busy") * 1024
	near(t, "the memory", now*9/10, uint64(number("libvirt_domain_info_memory_usage_bytes")), now*11/10)
	has(t, text, `domain="busy"`, `uuid="`+id("busy")+`"`, `source_bridge="br0"`, `target_device="busy0"`)
}
