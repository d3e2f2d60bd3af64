#include "textflag.h"

// The frame below SP that entry uses. A timespec and a sigset_t are all the data there is.
#define STAMP 0
#define SET   16
#define FRAME 32
// The kernel puts argc where SP is first.
#define ARGC  32

// entry is the first instruction after execve: it takes the time before anything else. With an argument it only exits.
TEXT ·entry(SB), NOSPLIT|NOFRAME, $0-0
	SUBQ $FRAME, SP
	CMPQ ARGC(SP), $1
	JG   exit

	// clock_gettime(CLOCK_REALTIME, STAMP)
	MOVL $228, AX
	XORL DI, DI
	LEAQ STAMP(SP), SI
	SYSCALL

	// rt_sigprocmask(SIG_BLOCK, {SIGHUP, SIGINT, SIGTERM, SIGRTMIN+3..+6}, NULL, 8). A blocked
	// signal is kept even for a PID 1 without a handler, so none is lost before the wait below.
	MOVQ $0x000000F000004003, AX
	MOVQ AX, SET(SP)
	MOVL $14, AX
	XORL DI, DI
	LEAQ SET(SP), SI
	XORL DX, DX
	MOVL $8, R10
	SYSCALL

	// openat(AT_FDCWD, "/stamp", O_WRONLY|O_NONBLOCK|O_CLOEXEC)
	MOVL $257, AX
	MOVQ $-100, DI
	LEAQ ·stampPath(SB), SI
	MOVL $0x80801, DX
	SYSCALL

	// write(fd, STAMP, 16); close(fd). Without a reader both fail, which changes nothing.
	MOVQ AX, R12
	MOVL $1, AX
	MOVQ R12, DI
	LEAQ STAMP(SP), SI
	MOVL $16, DX
	SYSCALL
	MOVL $3, AX
	MOVQ R12, DI
	SYSCALL

	// accept(3, NULL, NULL); write(fd, STAMP, 1); close(fd): an answer to the connection that waits at a
	// passed socket. Without such a socket all three fail, which changes nothing.
	MOVL $43, AX
	MOVL $3, DI
	XORL SI, SI
	XORL DX, DX
	SYSCALL
	MOVQ AX, R12
	MOVL $1, AX
	MOVQ R12, DI
	LEAQ STAMP(SP), SI
	MOVL $1, DX
	SYSCALL
	MOVL $3, AX
	MOVQ R12, DI
	SYSCALL

	// rt_sigtimedwait(SET, NULL, NULL, 8), again when it is interrupted (by a debugger, say).
wait:
	MOVL $128, AX
	LEAQ SET(SP), DI
	XORL SI, SI
	XORL DX, DX
	MOVL $8, R10
	SYSCALL
	TESTQ AX, AX
	JLE  wait

exit:
	// exit_group(0)
	MOVL $231, AX
	XORL DI, DI
	SYSCALL
	INT  $3

DATA ·stampPath+0(SB)/8, $"/stamp\x00\x00"
GLOBL ·stampPath(SB), RODATA|NOPTR, $8
