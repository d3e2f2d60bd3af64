package fuse

import (
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
	"weak"

	"golang.org/x/sys/unix"
)

// TestServeSheds: Serve gives the memory of a long text back in time, without any further request.
func TestServeSheds(t *testing.T) {
	t.Parallel()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	dev, kernel := os.NewFile(uintptr(pair[0]), "device"), os.NewFile(uintptr(pair[1]), "kernel")
	var made atomic.Pointer[weak.Pointer[byte]]
	s := &Server{Files: []File{{Name: "n", Content: func([]byte) []byte {
		text := make([]byte, 2*spareBytes)
		of := weak.Make(&text[0])
		made.Store(&of)
		return text
	}}}}
	served := make(chan error)
	go func() { served <- s.Serve(dev) }()
	t.Cleanup(func() {
		if err := dev.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err == nil {
			t.Error("it ended by itself")
		}
		if err := kernel.Close(); err != nil {
			t.Error(err)
		}
	})
	getattr := make([]byte, inHeader)
	order.PutUint32(getattr, inHeader)
	order.PutUint32(getattr[4:], opGetattr)
	order.PutUint64(getattr[16:], firstNode)
	if _, err := kernel.Write(getattr); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, bufferSize)
	if n, err := kernel.Read(answer); err != nil || n != outHeader+attrOut || order.Uint64(answer[outHeader+24:]) != 2*spareBytes {
		t.Fatalf("%d bytes, %v: %v", n, err, answer[:n])
	}
	for made.Load().Value() != nil { // without an end, the test binary's limit ends it
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
}
