package toolchain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// Process is a compiled module that runs in a child process with its own KV
// caches. It serves one call at a time. After an error of the child every call
// returns that error.
type Process struct {
	name    string // base name of the executable, for errors
	abi     ABI
	ctx     context.Context // ends the child; see Start
	cmd     *exec.Cmd
	stderr  head
	stdin   *os.File
	stdout  *os.File
	exited  chan struct{} // closed once the child has been reaped
	exitErr error         // of the child; valid after exited
	failed  error
	trace   []float32
	elapsed time.Duration
}

// Start runs an executable made by [Toolchain.Link] for the same ABI, with the
// weights file mapped read-only and the KV caches at zero. When ctx ends, the
// child is killed, whatever it is doing.
func Start(ctx context.Context, exe, weightsFile string, abi ABI) (*Process, error) {
	if err := abi.check(); err != nil {
		return nil, err
	}
	if !canExecute {
		return nil, errCannotExecute()
	}
	exe, err := filepath.Abs(exe)
	if err != nil {
		return nil, fmt.Errorf("toolchain: %w", err)
	}
	p := &Process{name: filepath.Base(exe), abi: abi, ctx: ctx, exited: make(chan struct{})}
	if err := p.spawn(exe, weightsFile); err != nil {
		return nil, fmt.Errorf("toolchain: %w", err)
	}
	if err := readGreeting(p.stdout, abi); err != nil {
		err = p.fail("start", err)
		p.stdout.Close()
		return nil, err
	}
	return p, nil
}

// spawn starts the child and reaps it when it ends.
func (p *Process) spawn(exe, weightsFile string) error {
	childIn, stdin, err := os.Pipe()
	if err != nil {
		return err
	}
	defer childIn.Close()
	stdout, childOut, err := os.Pipe()
	if err != nil {
		stdin.Close()
		return err
	}
	defer childOut.Close()
	p.stdin, p.stdout = stdin, stdout
	p.cmd = exec.CommandContext(p.ctx, exe, weightsFile)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = childIn, childOut, &p.stderr
	p.cmd.WaitDelay = time.Second
	isolate(p.cmd)
	if err := p.cmd.Start(); err != nil {
		stdin.Close()
		stdout.Close()
		return err
	}
	go func() {
		p.exitErr = p.cmd.Wait()
		close(p.exited)
	}()
	return nil
}

// Prefill runs the prefill entry on exactly Chunk tokens at positions pos to
// pos+Chunk-1. The logits are Chunk rows of Vocab.
func (p *Process) Prefill(tokens []int32, pos int) (logits []float32, err error) {
	if p.abi.Chunk == 0 {
		return nil, fmt.Errorf("toolchain: %s: the module has no prefill entry", p.name)
	}
	if len(tokens) != p.abi.Chunk {
		return nil, fmt.Errorf("toolchain: %s: prefill takes %d tokens, not %d", p.name, p.abi.Chunk, len(tokens))
	}
	return p.call("prefill", opPrefill, tokens, pos, p.abi.TracePrefill)
}

// Decode runs the decode entry on one token at position pos. The logits are
// one row of Vocab.
func (p *Process) Decode(token int32, pos int) (logits []float32, err error) {
	return p.call("decode", opDecode, []int32{token}, pos, p.abi.TraceDecode)
}

// Trace returns the trace buffer of the last call, empty for a module that is
// not traced. An element that the module did not write is NaN.
func (p *Process) Trace() []float32 { return p.trace }

// Elapsed returns the time that the last call spent inside the compiled entry,
// measured in the child.
func (p *Process) Elapsed() time.Duration { return p.elapsed }

// Reset sets the KV caches to zero.
func (p *Process) Reset() error {
	if p.failed != nil {
		return p.failed
	}
	if _, _, err := p.exchange(request{op: opReset}, 0); err != nil {
		return p.fail("reset", err)
	}
	return nil
}

// Close ends the child and waits for it. The error is that of a child which
// did not end well and of which no call has told yet.
func (p *Process) Close() error {
	p.end()
	p.stdout.Close()
	if p.failed != nil || p.exitErr == nil {
		return nil
	}
	p.failed = fmt.Errorf("toolchain: %s: close: %w", p.name, p.cause(p.exitErr))
	return p.failed
}

func (p *Process) call(entry string, op int64, tokens []int32, pos, traced int) ([]float32, error) {
	if p.failed != nil {
		return nil, p.failed
	}
	if err := p.checkCall(tokens, pos); err != nil {
		return nil, fmt.Errorf("toolchain: %s: %s: %w", p.name, entry, err)
	}
	logits := len(tokens) * p.abi.Vocab
	elapsed, floats, err := p.exchange(request{op, int64(pos), tokens}, logits+traced)
	if err != nil {
		return nil, p.fail(fmt.Sprintf("%s at position %d", entry, pos), err)
	}
	p.elapsed, p.trace = elapsed, floats[logits:]
	return floats[:logits:logits], nil
}

// checkCall refuses what the driver would refuse by ending.
func (p *Process) checkCall(tokens []int32, pos int) error {
	if n := p.abi.Positions(); pos < 0 || pos > n-len(tokens) {
		return fmt.Errorf("%d tokens at position %d: the cache holds %d positions", len(tokens), pos, n)
	}
	for _, t := range tokens {
		if t < 0 || int(t) >= p.abi.Vocab {
			return fmt.Errorf("token %d is not in a vocabulary of %d", t, p.abi.Vocab)
		}
	}
	return nil
}

func (p *Process) exchange(r request, floats int) (time.Duration, []float32, error) {
	if _, err := p.stdin.Write(r.encode()); err != nil {
		return 0, nil, err
	}
	return readReply(p.stdout, floats)
}

// fail ends the child after a broken exchange and returns the error that tells
// why: the end of ctx, a signal, or the driver's own message.
func (p *Process) fail(during string, err error) error {
	p.end()
	p.failed = fmt.Errorf("toolchain: %s: %s: %w", p.name, during, p.cause(err))
	return p.failed
}

// end closes the child's stdin, which the driver takes for the end, and waits.
// What does not listen is killed.
func (p *Process) end() {
	p.stdin.Close()
	select {
	case <-p.exited:
	case <-time.After(5 * time.Second):
		p.cmd.Process.Kill()
		<-p.exited
	}
}

// cause explains why a child that has ended did so; otherwise is the reason
// when its end tells nothing.
func (p *Process) cause(otherwise error) error {
	state, message := p.cmd.ProcessState, p.stderr.String()
	switch {
	case p.ctx.Err() != nil:
		return p.ctx.Err()
	case signalName(state) != "" && message != "":
		return fmt.Errorf("the compiled code ended by %s: %s", signalName(state), message)
	case signalName(state) != "":
		return fmt.Errorf("the compiled code ended by %s", signalName(state))
	case message != "":
		return errors.New(message)
	case !state.Success():
		return fmt.Errorf("the compiled code ended the process: %v", state)
	}
	return otherwise
}

// errCannotExecute refuses to build or run an executable on this system.
func errCannotExecute() error {
	return fmt.Errorf("toolchain: compiled modules do not run on %s, only on Unix systems: %w", runtime.GOOS, errors.ErrUnsupported)
}
