package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// options are those of the command line.
type options struct {
	json    bool
	only    string // a pattern for the names of documents
	libvirt string // the directory with libvirt's files
	top     string // of the source tree
	inside  string // the directory with the documents: this process is the one in the host
}

func main() {
	var o options
	flag.BoolVar(&o.json, "json", false, "print JSON")
	flag.StringVar(&o.only, "only", "", "compare the documents whose names match this `pattern`, as domain/x*; unused reasons are no errors then")
	flag.StringVar(&o.libvirt, "libvirt", "bin/libvirt", "the `directory` with libvirt's unpacked packages")
	flag.StringVar(&o.top, "top", ".", "the `directory` of Berth's sources")
	flag.StringVar(&o.inside, "inside", "", "answer for the documents of this `directory`, on this host")
	flag.Parse()
	runtime.LockOSThread() // the nest ends with the thread that started it
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, o)
	stop()
	switch {
	case errors.Is(err, errUnexplained):
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(2)
	}
}

// errUnexplained is returned if the report says that a difference has no reason, or a reason no difference.
var errUnexplained = errors.New("not everything is explained")

func run(ctx context.Context, o options) error {
	if o.inside != "" {
		return answer(os.Stdout, o.inside)
	}
	reasons, err := readReasons(o.top)
	if err != nil {
		return err
	}
	docs, err := readDocuments(o.top, o.only)
	if err != nil {
		return err
	}
	compared, err := ask(ctx, o, docs)
	if err != nil {
		return err
	}
	r := compareAll(docs, reasons)
	r.Versions = compared
	if o.only != "" {
		r.Unused = nil
	}
	if o.json {
		err = r.printJSON(os.Stdout)
	} else {
		err = r.print(os.Stdout)
	}
	if err == nil && !r.explained() {
		err = errUnexplained
	}
	return err
}
