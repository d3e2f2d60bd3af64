#include "textflag.h"

// The words of a step. A step with the number -1 ends the list.
#define NUMBER 0
#define SPLIT  56
#define STEP   64

// func birth(args *cloneArgs, size, steps, failed uintptr) (pid uintptr)
//
// The child has the memory of the parent, but not its stack: from here on it uses registers only.
TEXT ·birth(SB), NOSPLIT, $0-40
	MOVQ args+0(FP), DI
	MOVQ size+8(FP), SI
	MOVQ steps+16(FP), R12
	MOVQ failed+24(FP), R13
	MOVL $435, AX // clone3
	SYSCALL
	TESTQ AX, AX
	JZ   child
	MOVQ AX, pid+32(FP)
	RET

child:
	MOVQ NUMBER(R12), AX
	CMPQ AX, $-1
	JEQ  end
	MOVQ 8(R12), DI
	MOVQ 16(R12), SI
	MOVQ 24(R12), DX
	MOVQ 32(R12), R10
	MOVQ 40(R12), R8
	MOVQ 48(R12), R9
	SYSCALL
	CMPQ AX, $-4095
	JCC  fail // as unsigned numbers: an error
	CMPQ SPLIT(R12), $0
	JEQ  next
	TESTQ AX, AX
	JNZ  end // the first process; the second one goes on
next:
	ADDQ $STEP, R12
	JMP  child

fail:
	MOVQ AX, 8(R13)
	MOVQ R12, 0(R13)
end:
	MOVL $231, AX // exit_group
	MOVL $1, DI
	SYSCALL
	INT  $3
