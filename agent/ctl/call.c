// SPDX-License-Identifier: GPL-2.0-only
#include "agent/ctl/client.h"
#include "agent/ctl/ctl.h"
#include "agent/ctl/error.h"
#include "agent/ctl/text.h"

static json_t *make_call(const struct ctl_request *request)
{
	const struct ctl_command *command = request->command;
	json_t *call = ctl_need(
		json_pack("{s:o, s:O}", "method", json_sprintf("org.xvswitch.%s", command->method),
			"parameters", request->parameters));

	if (command->files)
		json_object_set_new(json_object_get(call, "parameters"), "files",
			ctl_files_json(&request->files));
	if (command->stream || command->gather)
		json_object_set_new(call, "more", json_true());
	return call;
}

static void print_json(const struct ctl_options *options, const json_t *reply)
{
	json_dumpf(reply, stdout,
		JSON_ENSURE_ASCII | (options->pretty ? JSON_INDENT(4) : JSON_COMPACT));
	putchar('\n');
}

static int take_reply(struct ctl_request *request, const json_t *message, bool *ret_last)
{
	const json_t *error = json_object_get(message, "error");
	json_t *none = ctl_need(json_object());
	const json_t *reply = json_object_get(message, "parameters");
	int r;

	if (!json_is_object(reply))
		reply = none;
	*ret_last =
		!request->command->stream || !json_is_true(json_object_get(message, "continues"));
	r = CTL_OK;
	if (error)
		r = ctl_error(&request->files, json_string_value(error), reply);
	else if (request->options.json && !request->command->stream)
		print_json(&request->options, reply);
	else
		r = request->command->print(request, reply, *ret_last);
	json_decref(none);
	return r;
}

/* Puts a part's lists behind those of `whole`, the parts so far. */
static void gather(json_t *whole, json_t *message)
{
	json_t *there = json_object_get(whole, "parameters"), *value;
	const char *name;

	json_object_foreach (json_object_get(message, "parameters"), name, value) {
		json_t *list = json_object_get(there, name);

		if (json_is_array(list) && json_is_array(value))
			json_array_extend(list, value);
		else
			json_object_set(there, name, value);
	}
}

/* The next message to print: one as it came, or a stream's parts as one. */
static int next_message(struct ctl_request *request, struct ctl_client *client, json_t **ret)
{
	json_t *whole, *part;
	bool more;
	int r = ctl_client_receive(client, &whole);

	more = r == CTL_OK && json_is_true(json_object_get(whole, "continues"));
	while (r == CTL_OK && request->command->gather && more) {
		r = ctl_client_receive(client, &part);
		if (r != CTL_OK) {
			json_decref(whole);
			return r;
		}
		more = json_is_true(json_object_get(part, "continues"));
		gather(whole, part);
		json_decref(part);
	}
	*ret = whole;
	return r;
}

static int take_replies(struct ctl_request *request, struct ctl_client *client)
{
	bool last = false;
	int r = CTL_OK;

	while (r == CTL_OK && !last) {
		json_t *message;

		r = next_message(request, client, &message);
		if (r != CTL_OK)
			break;
		r = take_reply(request, message, &last);
		json_decref(message);
	}
	return r;
}

int ctl_call(struct ctl_request *request)
{
	struct ctl_client client;
	json_t *call;
	int r;

	r = ctl_client_open(&client, request->options.socket);
	if (r == CTL_OK) {
		call = make_call(request);
		r = ctl_client_send(&client, call);
		json_decref(call);
	}
	if (r == CTL_OK)
		r = take_replies(request, &client);
	ctl_client_close(&client);
	return r;
}
