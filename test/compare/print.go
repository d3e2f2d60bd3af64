package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// print prints the table: a line for each document, and below it the differences, each with its reason.
func (r report) print(w io.Writer) error {
	fmt.Fprintf(w, "libvirt %s beside Berth %s. UUIDs, MAC addresses and the emulator are not compared where the document has none.\n\n", r.Versions.Libvirt, r.Versions.Berth)
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprint(t, "DOCUMENT\tLIBVIRT\tBERTH\tRESULT\n")
	count := map[string]int{}
	rows, without := map[string]bool{}, 0
	for _, d := range r.Documents {
		count[d.Result]++
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", d.Document, d.Libvirt.outcome(), d.Berth.outcome(), d.Result)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprint(w, "\nThe words of those that both refuse, and the differences: - has libvirt alone, + has Berth alone.\n")
	for _, d := range r.Documents {
		switch d.Result {
		case same:
			continue
		case otherWords:
			fmt.Fprintf(w, "\n%s:\n", d.Document)
			printSide(w, "  -", strings.Split(d.Libvirt.Refused, "\n"))
			printSide(w, "  +", strings.Split(d.Berth.Refused, "\n"))
			continue
		}
		fmt.Fprintf(w, "\n%s:\n", d.Document)
		for _, e := range d.Differences {
			reason := e.Row
			if reason == "" {
				reason = "WITHOUT A REASON"
				without++
			} else {
				rows[reason] = true
			}
			fmt.Fprintf(w, "  [%s]\n", reason)
			printSide(w, "  -", e.Libvirt)
			printSide(w, "  +", e.Berth)
		}
	}
	for _, u := range r.Unused {
		fmt.Fprintf(w, "\n%s: this reason explains nothing: remove it\n", u)
	}
	_, err := fmt.Fprintf(w, "\n%d documents: %d same, %d refused by both in other words, %d differ for %d reasons of %s; %d differences without a reason, %d reasons without a difference.\n",
		len(r.Documents), count[same], count[otherWords], count[differs], len(rows), manual, without, len(r.Unused))
	return err
}

func printSide(w io.Writer, sign string, lines []string) {
	for _, l := range lines {
		fmt.Fprintf(w, "%s %s\n", sign, l)
	}
}

// outcome returns a word for an answer.
func (r reply) outcome() string {
	switch {
	case r.Refused != "":
		return "refused"
	case len(r.Warnings) == 1:
		return "accepted, 1 warning"
	case len(r.Warnings) > 1:
		return fmt.Sprintf("accepted, %d warnings", len(r.Warnings))
	}
	return "accepted"
}

// printJSON prints the report as JSON.
func (r report) printJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
