package groqclient_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/groqclient/groqtest"
)

// loopback starts a server that answers each chat request with the next of the
// texts, and a client of it.
func loopback(texts ...string) (*groqclient.Client, func()) {
	server := groqtest.StartHandler(func(x *groqtest.Exchange) { x.Reply(texts[min(x.N, len(texts))-1]) })
	client, err := groqclient.New("gsk_example", groqclient.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}
	return client, func() { client.CloseIdleConnections(); server.Close() }
}

func ExampleClient_Chat() {
	client, stop := loopback("Rayleigh scattering.") // in a program: groqclient.FromEnv()
	defer stop()
	resp, err := client.Chat(context.Background(), &groqclient.ChatRequest{
		Model: "openai/gpt-oss-20b",
		Messages: []groqclient.Message{
			groqclient.SystemMessage("Answer in two words."),
			groqclient.UserMessage("Why is the sky blue?"),
		},
		Temperature: groqclient.Set(0.0),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Text())
	fmt.Println(resp.Meta.RateLimits.Tokens.Remaining, "tokens left this minute")
	// Output:
	// Rayleigh scattering.
	// 5000 tokens left this minute
}

func ExampleClient_ChatStream() {
	client, stop := loopback("Rayleigh scattering.")
	defer stop()
	stream := client.ChatStream(context.Background(), &groqclient.ChatRequest{
		Model:    "openai/gpt-oss-20b",
		Messages: []groqclient.Message{groqclient.UserMessage("Why is the sky blue?")},
	})
	for text, err := range stream.Text() {
		if err != nil {
			log.Fatal(err) // a *StreamError keeps what had come
		}
		fmt.Print(text)
	}
	usage := stream.Response().Usage
	fmt.Printf("\n%d tokens at %.0f tokens/s\n", usage.CompletionTokens, usage.TokensPerSecond())
	// Output:
	// Rayleigh scattering.
	// 3 tokens at 500 tokens/s
}

func ExampleRateLimitError() {
	server := groqtest.StartHandler(func(x *groqtest.Exchange) {
		x.W.Header().Set("Retry-After", "900")
		x.Error(429, "requests", "rate_limit_exceeded", "on requests per day (RPD): Limit 1000, Used 1000, Requested 1.")
	})
	defer server.Close()
	client, err := groqclient.New("gsk_example", groqclient.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()
	_, err = client.Chat(context.Background(), &groqclient.ChatRequest{
		Model: "openai/gpt-oss-20b", Messages: []groqclient.Message{groqclient.UserMessage("Hello")},
	})
	var limit *groqclient.RateLimitError
	if errors.As(err, &limit) {
		fmt.Printf("%s: %d of %d used, wait %v\n", limit.Dimension, limit.Used, limit.Limit, limit.Wait)
	}
	// Output: RPD: 1000 of 1000 used, wait 15m0s
}

func ExampleStructured() {
	client, stop := loopback(`{"name":"Oslo","population":717710}`)
	defer stop()
	type City struct {
		Name       string `json:"name"`
		Population int    `json:"population" description:"latest census"`
	}
	got, _, err := groqclient.Structured[City](context.Background(), client, &groqclient.ChatRequest{
		Model:    "openai/gpt-oss-20b",
		Messages: []groqclient.Message{groqclient.UserMessage("The capital of Norway?")},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(got.Name, got.Population)
	// Output: Oslo 717710
}

func ExampleClient_RunTools() {
	call := `{"choices":[{"message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function",` +
		`"function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}]},"finish_reason":"tool_calls"}]}`
	server := groqtest.StartHandler(func(x *groqtest.Exchange) {
		if x.N == 1 {
			x.Answer(200, "application/json", call)
			return
		}
		x.Reply("It snows in Oslo.")
	})
	defer server.Close()
	client, err := groqclient.New("gsk_example", groqclient.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()

	type place struct {
		City string `json:"city"`
	}
	weather, err := groqclient.NewToolFunc("weather", "tells the weather in a city",
		func(_ context.Context, p place) (string, error) {
			fmt.Println("called for", p.City)
			return "snow", nil
		})
	if err != nil {
		log.Fatal(err)
	}
	run, err := client.RunTools(context.Background(), &groqclient.ChatRequest{
		Model:    "openai/gpt-oss-20b",
		Messages: []groqclient.Message{groqclient.UserMessage("How is the weather in Oslo?")},
	}, []groqclient.ToolFunc{weather}, groqclient.RunToolsOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.Response.Text())
	// Output:
	// called for Oslo
	// It snows in Oslo.
}

func ExampleConversation() {
	chat := groqclient.Conversation{Budget: 40}
	chat.Add(groqclient.SystemMessage("Be brief."))
	for _, question := range []string{"First question?", "Second question?", "Third question?"} {
		chat.Add(groqclient.UserMessage(question), groqclient.AssistantMessage(strings.Repeat("word ", 8)))
	}
	fit, err := chat.Messages()
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range fit {
		fmt.Println(m.Role+":", m.Content.Text())
	}
	// Output:
	// system: Be brief.
	// user: Third question?
	// assistant: word word word word word word word word
}
