//go:build nest

package nest

import (
	"strings"
	"testing"
)

// TestExportNspawnLimits: systemd reads each limit of an exported drop-in as it is in the XML, and what follows an end.
func TestExportNspawnLimits(t *testing.T) {
	clean(t)
	guest{
		Name: "web", Root: busybox(t), Init: "/bin/sleep", Args: "<initarg>100000</initarg>",
		More: `<memtune><hard_limit unit='MiB'>60</hard_limit><soft_limit unit='MiB'>50</soft_limit><min_guarantee unit='MiB'>16</min_guarantee>
			<swap_hard_limit unit='MiB'>70</swap_hard_limit></memtune>
			<vcpu cpuset='0'>1</vcpu><cputune><shares>200</shares><period>50000</period><quota>12345</quota></cputune>
			<numatune><memory mode='strict' nodeset='0'/></numatune>
			<blkiotune><weight>300</weight><device><path>/dev/null</path><read_bytes_sec>1048576</read_bytes_sec><write_iops_sec>20</write_iops_sec></device></blkiotune>
			<resource><partition>/machine/prod-a</partition></resource><on_crash>restart</on_crash><on_reboot>destroy</on_reboot>
			<berth:container` + extended + `><berth:pids max='200'/><berth:protect memory='8' unit='MiB'/><berth:shutdown timeout='7'/></berth:container>`,
	}.define(t)
	if r := (guest{Name: "web"}).exportNspawn(t); r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	run(t, "systemctl", "daemon-reload")
	if r := try(t, "systemd-analyze", "verify", "systemd-nspawn@web.service"); r.Status != 0 || strings.Contains(r.Err, "berth.conf") {
		t.Errorf("%+v", r)
	}
	if got := run(t, "systemctl", "show", "systemd-nspawn@web.service", "-p", "RestartForceExitStatus", "--value"); strings.TrimSpace(got) != "" {
		t.Errorf("a reboot is the end, but systemd starts the service again after %s", got)
	}
	shown := run(t, "systemctl", "show", "systemd-nspawn@web.service") + "\n"
	for _, want := range []string{
		"MemoryMax=62914560", "MemoryHigh=52428800", "MemorySwapMax=10485760", "MemoryLow=16777216", "MemoryMin=8388608", "CPUWeight=200",
		"CPUQuotaPerSecUSec=246.900ms", "CPUQuotaPeriodUSec=50ms", "AllowedCPUs=0", "AllowedMemoryNodes=0", "TasksMax=200", "IOWeight=300",
		"IOReadBandwidthMax=/dev/null 1048576", "IOWriteIOPSMax=/dev/null 20", `Slice=machine-prod\x2da.slice`, "TimeoutStopUSec=7s", "Restart=on-failure",
		"Environment=SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_TMPFS_TMP=0",
	} {
		if !strings.Contains(shown, "\n"+want+"\n") {
			key, _, _ := strings.Cut(want, "=")
			t.Errorf("no %s, but %s", want, run(t, "systemctl", "show", "systemd-nspawn@web.service", "-p", key))
		}
	}
}
