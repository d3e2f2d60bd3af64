#include "textflag.h"

// func cloneOnStack(args *cloneArgs, size, entry uintptr, memory unsafe.Pointer) (pid uintptr)
TEXT ·cloneOnStack(SB), NOSPLIT, $0-40
	MOVQ args+0(FP), DI
	MOVQ size+8(FP), SI
	MOVQ entry+16(FP), R13
	MOVQ memory+24(FP), R12
	MOVL $435, AX // clone3
	SYSCALL
	TESTQ AX, AX
	JZ   child
	MOVQ AX, pid+32(FP)
	RET

child: // on a stack of its own; as Go calls a function inside (cmd/compile/abi-internal.md)
	SUBQ  $64, SP
	XORPS X15, X15
	MOVQ  R12, AX
	CALL  R13
	INT   $3
