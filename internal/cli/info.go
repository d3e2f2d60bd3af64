package cli

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/figures"
)

func (a *app) infoCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "dominfo", Short: "Print information about a container"}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		info, err := d.Info(ctx, t.path)
		if err != nil {
			return err
		}
		stats, err := figuresOf(ctx, d, t.path, info.State)
		if err != nil {
			return err
		}
		security, err := d.Security(ctx)
		if err != nil {
			return err
		}
		if asJSON {
			return a.printJSON(described(info, security, &stats))
		}
		a.printLines(lines(info, &stats, securityLines(info, security)))
		return nil
	})
}

func (a *app) printLines(list []line) {
	for _, line := range list {
		if line.text != "" {
			fmt.Fprintf(a.out, "%-15s %s\n", line.label+":", line.text)
		}
	}
}

// figuresOf returns the figures. It returns none if the container is shut off, or has just ended.
func figuresOf(ctx context.Context, d Daemon, path client.Path, state string) (figures.Figures, error) {
	if state == "shutoff" {
		return figures.Figures{}, nil
	}
	stats, err := d.Stats(ctx, path, 0) // an older berthd has no groups
	if client.NameOf(err) == contract.ErrorNotRunning {
		return figures.Figures{}, nil
	}
	return stats, err
}

// figure returns a figure, or nil if it is not known.
func figure(s *figures.Figures, f figures.Figure) *uint64 {
	value, known := s.Get(f)
	if !known {
		return nil
	}
	return &value
}

type line struct{ label, text string }

// lines returns the lines of dominfo: first virsh's, then Berth's own. Lines with an empty text are not
// printed.
func lines(i client.Info, s *figures.Figures, security []line) []line {
	list := []line{
		{"Id", idText(i.ID)},
		{"Name", printable(i.Name)},
		{"UUID", i.UUID},
		{"OS Type", i.OSType},
		{"State", stateWord(i.State)},
		{"Status", printable(i.Status)},
		{"CPU(s)", number(i.VCPUs)},
	}
	if usage, known := s.Get(figures.CPUUsageUSec); known {
		list = append(list, line{"CPU time", fmt.Sprintf("%.1fs", float64(usage)/1e6)})
	}
	list = append(list, line{"Max memory", kib(cmp.Or(i.Memory, i.MemoryMax))})
	if memory, known := s.Get(figures.MemoryCurrent); known {
		list = append(list, line{"Used memory", kib(memory)})
	}
	list = append(append(list, line{"Persistent", yesNo(i.Persistent)}, line{"Autostart", enabled(i.Autostart)}, line{"Autostart Once", enabled(i.AutostartOnce)}), security...)
	list = append(list,
		line{"Updated", yesNo(i.Updated)},
		line{"Title", printable(i.Title)},
		line{"Owner", owner(i.OwnerUID)},
		line{"Machine", i.MachineName},
		line{"Network", printable(i.Network)},
		line{"Root", printable(i.RootDirectory)},
	)
	if i.Leader != 0 {
		list = append(list, line{"Leader", number(i.Leader)})
	}
	list = append(list, line{"Unit", i.Unit})
	if tasks, known := s.Get(figures.TasksCurrent); known {
		list = append(list, line{"Tasks", number(tasks)})
	}
	if i.OOMKills != 0 {
		list = append(list, line{"OOM kills", number(i.OOMKills)})
	}
	return append(list, line{"Last exit", exitText(i.LastExit)})
}

// owner returns the id of the user who owns a container. It returns "" if that is root.
func owner(uid uint32) string {
	if uid == 0 {
		return ""
	}
	return number(uid)
}

func number[T uint32 | uint64](n T) string { return strconv.FormatUint(uint64(n), 10) }

func kib(bytes uint64) string { return number(bytes>>10) + " KiB" }

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// enabled is virsh's word for the autostart of a container.
func enabled(b bool) string {
	if b {
		return "enable"
	}
	return "disable"
}

// exitText says in words how init ended. It returns "" if init never ran.
func exitText(e client.Exit) string {
	switch e.Kind {
	case "":
		return ""
	case "exited":
		return fmt.Sprintf("exited with status %d", e.Code)
	}
	name := unix.SignalName(unix.Signal(e.Code))
	if name == "" {
		name = fmt.Sprintf("signal %d", e.Code)
	}
	if e.Kind == "dumped" {
		return "killed by " + name + ", core dumped"
	}
	return "killed by " + name
}
