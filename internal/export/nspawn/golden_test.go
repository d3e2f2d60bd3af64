package nspawn

import (
	"strings"
	"testing"

	"github.com/berthd/berth/internal/export/exporttest"
	"github.com/berthd/berth/test/goldenfile"
)

// TestGolden: each definition has its golden settings, drop-in, command line and warnings, and each line of them is one
// that systemd 252 knows in its section.
func TestGolden(t *testing.T) {
	t.Parallel()
	files := exporttest.Definitions()
	if len(files) < 25 {
		t.Errorf("there are only %d definitions", len(files))
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, warnings := Convert(exporttest.Load(t, file), exporttest.Host())
			known(t, f.Settings)
			known(t, f.DropIn)
			got := "==> " + f.Path() + "\n" + f.Settings + "\n==> " + f.UnitPath() + "\n" + f.DropIn + "\n==> " + strings.Join(f.Command, " ") + "\n\n" + exporttest.Report(warnings)
			golden := "testdata/" + name + ".golden"
			goldenfile.Check(t, golden, got)
		})
	}
}

// settings are those of systemd.nspawn(5) of systemd 252, and the properties of a service that a scope of Berth's has.
var settings = map[string]string{
	"Exec": "Boot Ephemeral ProcessTwo Parameters Environment User WorkingDirectory PivotRoot Capability DropCapability AmbientCapability NoNewPrivileges " +
		"KillSignal Personality MachineID PrivateUsers NotifyReady SystemCallFilter LimitCPU LimitFSIZE LimitDATA LimitSTACK LimitCORE LimitRSS LimitNOFILE " +
		"LimitAS LimitNPROC LimitMEMLOCK LimitLOCKS LimitSIGPENDING LimitMSGQUEUE LimitNICE LimitRTPRIO LimitRTTIME OOMScoreAdjust CPUAffinity Hostname " +
		"ResolvConf Timezone LinkJournal SuppressSync",
	"Files":   "ReadOnly Volatile Bind BindReadOnly BindUser TemporaryFileSystem Inaccessible Overlay OverlayReadOnly PrivateUsersOwnership",
	"Network": "Private VirtualEthernet VirtualEthernetExtra Interface MACVLAN IPVLAN Bridge Zone Port",
	"Service": "Environment ExecStart Slice MemoryMax MemoryHigh MemorySwapMax MemoryLow MemoryMin CPUWeight CPUQuota CPUQuotaPeriodSec AllowedCPUs " +
		"AllowedMemoryNodes TasksMax IOWeight IODeviceWeight IOReadBandwidthMax IOWriteBandwidthMax IOReadIOPSMax IOWriteIOPSMax IODeviceLatencyTargetSec " +
		"DeviceAllow TimeoutStopSec RestartForceExitStatus Restart",
}

func known(t *testing.T, text string) {
	t.Helper()
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		default:
			key, _, found := strings.Cut(line, "=")
			if !found || !strings.Contains(" "+settings[section]+" ", " "+key+" ") {
				t.Errorf("[%s] %s", section, line)
			}
		}
	}
}

// TestWords: a word is quoted so that systemd reads it as it was.
func TestWords(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"plain": "plain", "": `""`, "a b": `"a b"`, `it's`: `"it's"`, `say "x"`: `'say "x"'`, `it's "x"`: `"it's "'"'"x"'"'""`, `a\b`: `"a\b"`,
	} {
		if got := word(given); got != want {
			t.Errorf("word(%q) is %s, not %s", given, got, want)
		}
	}
	if got := part(`/a:b\c`); got != `/a\:b\\c` {
		t.Errorf("part: %s", got)
	}
	if got := execWord(`--directory=/100% $x "y"`); got != `"--directory=/100%% $$x \"y\""` {
		t.Errorf("execWord: %s", got)
	}
}
