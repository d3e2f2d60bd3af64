//go:build vm

package vm

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// probe is the program that the tests of labels run with a label: this test binary, copied. It prints "ok" or the error
// number's text. It has no shell's redirections: one opens with O_CREAT, which leaves denials of its own in /proc.
//
//	confine LABEL PROGRAM ARG...    executes a program with a label
//	kill PID SIGNAL                 sends a signal
//	trace PID                       attaches as a tracer
//	listen NAME                     listens on an abstract socket until it is killed
//	connect NAME                    connects to it
//	label FILE LABEL                labels a file
//	...                             see attack
func probe(args []string) {
	runtime.LockOSThread() // a label, and a tracer, belong to a thread
	var err error
	switch verb, args := args[0], args[1:]; verb {
	case "confine":
		if err = executeNextAs(args[0]); err == nil {
			err = syscall.Exec(args[1], args[1:], os.Environ())
		}
	case "kill":
		err = unix.Kill(number(args[0]), syscall.Signal(number(args[1])))
	case "trace":
		err = unix.PtraceSeize(number(args[0]))
	case "listen":
		var listener net.Listener
		if listener, err = net.Listen("unix", "@"+args[0]); err == nil {
			fmt.Println("ok")
		}
		for err == nil {
			_, err = listener.Accept()
		}
	case "connect":
		var fd int
		if fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0); err == nil {
			err = unix.Connect(fd, &unix.SockaddrUnix{Name: "@" + args[0]})
		}
	case "label":
		err = unix.Setxattr(args[0], "security.selinux", []byte(args[1]), 0)
	default:
		err = attack(verb, args)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ok")
}

func executeNextAs(label string) error {
	fd, err := unix.Open("/proc/thread-self/attr/exec", unix.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	_, err = unix.Write(fd, []byte(label))
	return err
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}
