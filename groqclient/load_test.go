package groqclient_test

import (
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/groqclient/groqtest"
)

// heap is the live heap, stacks included, in bytes.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// openStreams opens n streams at once from one client, holds all of them open
// in the middle, measures the memory of client and server there, and lets them
// end. It returns the bytes for each stream.
func openStreams(t *testing.T, n int) float64 {
	release := make(chan struct{})
	server := groqtest.StartHandler(func(x *groqtest.Exchange) {
		x.SSE()
		x.Send(groqtest.Frames(groqtest.Chunk("Hello")))
		<-release
		_, who, _ := strings.Cut(x.Body, `"user":"`)
		who, _, _ = strings.Cut(who, `"`)
		x.Send(groqtest.Frames(groqtest.Chunk(", "+who), groqtest.LastChunk(), "[DONE]"))
	})
	defer server.Close()
	client := newClient(t, server.URL)
	defer client.CloseIdleConnections()
	before := heap()
	var begun, ended sync.WaitGroup
	texts := make([]string, n)
	errs := make([]error, n)
	begun.Add(n)
	for i := range n {
		ended.Go(func() {
			req := request()
			req.User = groqclient.Set(strconv.Itoa(i))
			var once sync.Once
			defer once.Do(begun.Done)
			for chunk, err := range client.ChatStream(t.Context(), req).Chunks() {
				if err != nil {
					errs[i] = err
					return
				}
				texts[i] += chunk.Text()
				once.Do(begun.Done)
			}
		})
	}
	begun.Wait()
	perStream := float64(int64(heap())-int64(before)) / float64(n)
	close(release)
	ended.Wait()
	for i := range n {
		require.NoError(t, errs[i])
		require.Equal(t, "Hello, "+strconv.Itoa(i), texts[i])
	}
	require.Equal(t, n, server.Requests())
	return perStream
}

// TestThousandStreams: none is lost, and a stream among a thousand costs no
// more memory than one among two hundred, within a factor for noise.
func TestThousandStreams(t *testing.T) {
	few := openStreams(t, 200)
	many := openStreams(t, 1000)
	t.Logf("memory of client and server for each open stream: %.0f bytes of 200, %.0f of 1000", few, many)
	require.Less(t, many, 2*few)
	require.Less(t, many, 256.0*1024)
}

// TestLongStreamInConstantMemory reads 64 MB and looks at the heap in between.
func TestLongStreamInConstantMemory(t *testing.T) {
	const total, size = 64 << 20, 32 << 10
	frame := groqtest.Frames(groqtest.Chunk(strings.Repeat("x", size)))
	server := groqtest.StartHandler(func(x *groqtest.Exchange) {
		x.SSE()
		for range total / size {
			if !x.Send(frame) {
				return
			}
		}
		x.Send(groqtest.Frames(groqtest.LastChunk(), "[DONE]"))
	})
	defer server.Close()
	client := newClient(t, server.URL)
	defer client.CloseIdleConnections()
	before := heap()
	read, next, highest := 0, total/8, uint64(0)
	for chunk, err := range client.ChatStream(t.Context(), request()).WithoutText().Chunks() {
		require.NoError(t, err)
		if read += len(chunk.Text()); read >= next {
			next += total / 8
			highest = max(highest, heap())
		}
	}
	require.Equal(t, total, read)
	require.Less(t, int64(highest)-int64(before), int64(4<<20))
}
