package cli

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/internal/top"
)

// topOptions are the options of top.
type topOptions struct {
	top.Options
	batch, csv, json bool
	rounds           uint
}

func (a *app) topCommand() *cobra.Command {
	var o topOptions
	cmd := &cobra.Command{Use: "top", Short: "Show what the containers use, and go on showing it", Args: noOperand}
	cmd.Flags().BoolVarP(&o.batch, "batch", "b", false, "print the table as text, each time anew, instead of showing it on the terminal")
	cmd.Flags().BoolVar(&o.csv, "csv", false, "print comma-separated values with full numbers; includes --batch")
	cmd.Flags().BoolVar(&o.json, "json", false, "print a line of JSON for each container, with full numbers; includes --batch")
	cmd.Flags().UintVarP(&o.rounds, "iterations", "n", 0, "with --batch: end after so many `TABLES`; 0 goes on")
	cmd.Flags().Float64VarP(&o.Seconds, "delay", "d", 1, "`SECONDS` between two looks")
	cmd.Flags().StringSliceVar(&o.Columns, "columns", nil, "`COLUMNS` to show, separated by commas")
	cmd.Flags().StringVar(&o.Sort, "sort", "cpu", "order by this `COLUMN`")
	cmd.Flags().BoolVar(&o.Reverse, "reverse", false, "the other way round")
	cmd.Flags().StringVar(&o.Filter, "filter", "", "show the containers that have this `TEXT` in their names")
	cmd.Flags().BoolVar(&o.Active, "active", false, "leave out containers that are shut off")
	for _, name := range []string{"columns", "sort"} {
		// The only error is that the flag does not exist.
		_ = cmd.RegisterFlagCompletionFunc(name, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return top.ColumnNames(), cobra.ShellCompDirectiveNoFileComp
		})
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.runTop(cmd, o) }
	return cmd
}

func (a *app) runTop(cmd *cobra.Command, o topOptions) error {
	o.batch = o.batch || o.csv || o.json
	if err := exclusive(cmd, "csv", "json"); err != nil {
		return err
	}
	switch {
	case !top.ValidSeconds(o.Seconds):
		return malformed(cmd.Flags().Lookup("delay").Value.String(), "delay")
	case cmd.Flags().Changed("iterations") && !o.batch:
		return errors.New("option --iterations requires --batch option")
	}
	if _, err := top.New(top.Host{}, o.Options); err != nil {
		return err
	}
	if !o.batch && !isTerminal(a.Out) {
		return errors.New("standard output is no terminal; with --batch the table is printed as text")
	}
	w := &watcher{app: a, begun: time.Now()}
	defer w.close()
	host, err := w.host(cmd.Context())
	if err != nil {
		return err
	}
	view, err := top.New(host, o.Options)
	switch {
	case err != nil:
		return err
	case o.batch:
		return w.batch(cmd.Context(), view, o)
	}
	return w.live(cmd.Context(), view)
}

// watcher looks at the containers, again and again.
type watcher struct {
	*app
	daemon Daemon    // nil: it is to be connected
	begun  time.Time // of the clock of the looks
}

func (w *watcher) connected(ctx context.Context) (Daemon, error) {
	if w.daemon != nil {
		return w.daemon, nil
	}
	d, err := w.connect(ctx)
	if err != nil {
		return nil, err // d may be a nil pointer, which is no nil Daemon
	}
	w.daemon = d
	return d, nil
}

func (w *watcher) close() {
	if w.daemon != nil {
		_ = w.daemon.Close()
		w.daemon = nil
	}
}

func (w *watcher) host(ctx context.Context) (top.Host, error) {
	d, err := w.connected(ctx)
	if err != nil {
		return top.Host{}, err
	}
	n, err := d.NodeInfo(ctx)
	return top.Host{Architecture: printable(n.Architecture), CPUs: n.CPUs, MHz: n.MHz, Memory: n.MemoryTotal}, err
}

// look reads the figures of all containers in one call. After a lost connection, the next look makes a new one.
func (w *watcher) look(ctx context.Context, needs top.Kinds, clock string) (top.Look, error) {
	d, err := w.connected(ctx)
	if err != nil {
		return top.Look{}, err
	}
	kinds := needs.All()
	wanted := kindFigures(kinds)
	list, err := d.AllStats(ctx, client.StatsFilter{Figures: wanted})
	if errors.Is(err, client.ErrLost) {
		w.close()
	}
	if err != nil {
		return top.Look{}, err
	}
	now := time.Now()
	l := top.Look{NSec: int64(now.Sub(w.begun)), Clock: now.Format(clock)}
	for i := range list {
		l.Containers = append(l.Containers, seen(&list[i], kinds, wanted))
	}
	return l, nil
}

// seen returns a container as the table has it.
func seen(s *client.ContainerStats, kinds []top.Kind, wanted []figures.Figure) top.Container {
	c := top.Container{Name: printable(s.Name), UUID: s.UUID, State: s.State, ID: s.ID}
	for i, f := range wanted {
		if value, known := s.Get(f); known {
			c.Figures.Put(kinds[i], value)
		}
	}
	return c
}

// kindFigures returns berthd's figures of kinds.
func kindFigures(kinds []top.Kind) []figures.Figure {
	list := make([]figures.Figure, len(kinds))
	for i, k := range kinds {
		list[i] = figureOf(k)
	}
	return list
}

// figureOf returns berthd's figure of a kind.
func figureOf(k top.Kind) figures.Figure {
	return map[top.Kind]figures.Figure{
		top.CPUUSec: figures.CPUUsageUSec, top.ThrottledUSec: figures.CPUThrottledUSec,
		top.Memory: figures.MemoryCurrent, top.MemoryMax: figures.MemoryMax, top.Swap: figures.MemorySwapCurrent,
		top.ReadBytes: figures.IOReadBytes, top.WriteBytes: figures.IOWriteBytes,
		top.ReadOperations: figures.IOReadOperations, top.WriteOperations: figures.IOWriteOperations, top.Tasks: figures.TasksCurrent,
		top.ReceiveBytes: figures.NetReceiveBytes, top.TransmitBytes: figures.NetTransmitBytes,
	}[k]
}

// batch prints tables. Each is of the time since the one before; the first waits for that, too.
func (w *watcher) batch(ctx context.Context, view *top.View, o topOptions) error {
	clock := time.TimeOnly
	table := csv.NewWriter(w.out)
	if o.csv || o.json {
		clock = time.RFC3339
	}
	if o.csv && !w.quiet {
		_ = table.Write(view.CSVHead()) // an error stays until Flush
	}
	for round := uint(0); ; round++ {
		l, err := w.look(ctx, view.Needs(), clock)
		if err != nil {
			return err
		}
		view.See(l)
		switch {
		case round == 0: // there is nothing to compare with
		case o.csv:
			_ = table.WriteAll(view.CSVRows())
		case o.json:
			w.printObjects(view.CSVHead(), view.CSVRows())
		default:
			for _, line := range view.Batch() {
				fmt.Fprintln(w.out, line)
			}
		}
		table.Flush()
		if err := cmp.Or(table.Error(), w.out.Flush()); err != nil {
			return fmt.Errorf("write the output: %w", err)
		}
		if round == o.rounds && o.rounds > 0 {
			return nil
		}
		if round > 0 && !o.csv && !o.json && !w.quiet {
			fmt.Fprintln(w.out)
		}
		if err := w.pause(ctx, seconds(view.Seconds())); err != nil {
			return err
		}
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// printObjects prints a line of JSON for each row. A field that is not known is null.
func (w *watcher) printObjects(heads []string, rows [][]string) {
	for _, row := range rows {
		object := map[string]any{}
		for i, field := range row {
			var value any
			if _, err := strconv.ParseFloat(field, 64); err == nil {
				value = json.Number(field)
			}
			if slices.Contains([]string{"clock", "name", "state"}, heads[i]) {
				value = field
			}
			object[heads[i]] = value
		}
		_ = w.encoder().Encode(object) // Flush has the error
	}
}
