// Package groqclient is a client for the Groq API, and for other servers that
// speak its dialect of the OpenAI API.
//
// It depends on the standard library and go-retryablehttp only. A newcomer
// needs three things: a client, a request, and the loop over a stream.
//
//	client, err := groqclient.FromEnv() // GROQ_API_KEY
//	if err != nil {
//		return err
//	}
//	req := &groqclient.ChatRequest{
//		Model:    "openai/gpt-oss-20b",
//		Messages: []groqclient.Message{groqclient.UserMessage("Why is the sky blue?")},
//	}
//	for text, err := range client.ChatStream(ctx, req).Text() {
//		if err != nil {
//			return err
//		}
//		fmt.Print(text)
//	}
//
// [Client.Chat] waits for the whole answer instead. The other endpoints are
// methods of [Client] too: Models, Embed, Transcribe, Translate, Speak,
// UploadFile, CreateBatch, Respond, Rerank, CreateFineTuning and their kin.
// [Client.Post] sends JSON that is there already.
//
// # Requests
//
// Only what is set is sent. A field of type [Opt] tells unset, null and a zero
// value apart: write Temperature: groqclient.Set(0.0). Fields that a struct does
// not have go into its Extra map; those of an answer are found there, at every
// depth.
//
// # Streams
//
// A stream is an iterator. Leaving the loop closes the connection, and there is
// nothing else to close. A loop that ends without an error has seen the whole
// answer: where the end was not said, where the server stopped early (in
// x_groq.error, an error event or an error object) or where it fell silent, the
// loop gives a [StreamError], which keeps what had come. After the loop,
// [ChatStream.Response] is the completion put together, with its usage, and
// [ChatStream.Timings] says how fast it was. No timeout limits an active stream;
// the context can.
//
// # Errors
//
// An answer that refuses is an [APIError], and a [RateLimitError] around it if
// limits are the reason; a failure to exchange bytes is a [TransportError]; a
// stream that breaks off is a [StreamError]. Use errors.As. Errors, logs and
// printed values never show the API key.
//
// # Limits and retries
//
// Failed attempts are repeated as [RetryPolicy] says, before the first byte of
// an answer only. The waits that a server states are obeyed up to a cap and
// never past the deadline of the context: then the call fails at once, and the
// Wait of its error says how long. Files, batches and fine-tunings are created
// again only if the request surely did not arrive. The limits that an answer
// states are in its [Meta] and in [Client.RateLimits].
//
// # Helpers
//
// [Structured] returns an answer as a Go value, [Client.RunTools] lets the model
// call Go functions, [Conversation] keeps a chat within a token budget, and
// [ImageFile] puts a picture into a message.
package groqclient
