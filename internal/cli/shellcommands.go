package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/shellword"
)

var errInteractiveOnly = errors.New("command valid only in interactive mode")

// shellCommands returns the commands for those who type, or write scripts for, the shell.
func (a *app) shellCommands() []*cobra.Command {
	return []*cobra.Command{a.cdCommand(), a.pwdCommand(), a.echoCommand(), a.connectCommand(), a.quitCommand("quit"), a.quitCommand("exit")}
}

func (a *app) cdCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "cd", Short: "Change the working directory of the shell"}
	dir := &operand{name: "dir", about: "`DIRECTORY`; by default the home directory", optional: true, complete: completePath}
	addOperands(cmd, dir)
	cmd.RunE = func(*cobra.Command, []string) error {
		to := dir.value
		if !dir.given {
			if to = a.Getenv("HOME"); to == "" {
				to = "/"
			}
		}
		if a.shell == nil {
			return fmt.Errorf("cd: %w", errInteractiveOnly)
		}
		if err := os.Chdir(to); err != nil {
			return fmt.Errorf("cd: %w", err)
		}
		return nil
	}
	return cmd
}

func (a *app) pwdCommand() *cobra.Command {
	return &cobra.Command{Use: "pwd", Short: "Print the working directory", Args: noOperand, RunE: func(*cobra.Command, []string) error {
		dir, err := os.Getwd()
		if err != nil {
			return err
		}
		fmt.Fprintln(a.out, dir)
		return nil
	}}
}

func (a *app) quitCommand(name string) *cobra.Command {
	return &cobra.Command{Use: name, Short: "Leave the shell", Args: noOperand, RunE: func(*cobra.Command, []string) error {
		if a.shell != nil {
			a.shell.over = true
		}
		return nil
	}}
}

func (a *app) echoCommand() *cobra.Command {
	var shell, xml, split, toErr bool
	cmd := &cobra.Command{Use: "echo", Short: "Print words"}
	cmd.Flags().BoolVar(&shell, "shell", false, "quote each word for a shell")
	cmd.Flags().BoolVar(&xml, "xml", false, "escape each word for XML")
	cmd.Flags().BoolVar(&split, "split", false, "split each word at its commas; two stand for one")
	cmd.Flags().BoolVar(&toErr, "err", false, "print to standard error")
	words := &operand{name: "string", about: "the `WORD`s to print", optional: true, many: true}
	addOperands(cmd, words)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := exclusive(cmd, "shell", "xml"); err != nil {
			return err
		}
		var list []string
		for _, word := range words.values {
			parts := []string{word}
			if split {
				parts = atCommas(word)
			}
			for _, part := range parts {
				switch {
				case shell:
					part = shellword.Quote(part)
				case xml:
					part = quoted(part)
					part = part[1 : len(part)-1]
				}
				list = append(list, part)
			}
		}
		text := strings.Join(list, " ")
		if toErr {
			fmt.Fprintln(a.Err, text)
		} else {
			fmt.Fprintln(a.out, text)
		}
		return nil
	}
	return cmd
}

// atCommas splits a word at its commas. Two of them are one that is no end.
func atCommas(word string) []string {
	const comma = "\x00" // no argument has it
	parts := strings.Split(strings.ReplaceAll(word, ",,", comma), ",")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(part, comma, ",")
	}
	return parts
}

func (a *app) connectCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "connect", Short: "Connect to berthd, and use that URI from now on"}
	uri := &operand{name: "name", about: "`URI` of the connection", optional: true}
	addOperands(cmd, uri)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if uri.given {
			a.uri = uri.value
		}
		d, err := a.connect(cmd.Context())
		if err != nil {
			return err
		}
		if a.shell != nil && uri.given {
			_ = a.shell.flags.Set("connect", uri.value) // it was accepted
		}
		return d.Close()
	}
	return cmd
}
