// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include "agent/ctl/call.h"
#include "agent/ctl/error.h"
#include "agent/ctl/line.h"
#include "agent/ctl/option.h"
#include "agent/ctl/progress.h"
#include "agent/ctl/text.h"

static json_t *method_name(const char *method)
{
	return json_sprintf("org.xvswitch.%s", method);
}

/* Those options that are members of the call. */
static void add_options(const struct ctl_request *request, json_t *parameters)
{
	for (const struct ctl_option *option = ctl_option_list; option->name; option++) {
		if (option->key && request->command->takes & request->given & option->bit)
			json_object_set(parameters, option->key,
				json_object_get(request->settings, option->key));
	}
	if (request->files.count)
		json_object_set_new(parameters, "files", ctl_files_json(&request->files));
}

static json_t *make_call(const struct ctl_request *request)
{
	const struct ctl_command *command = request->command;
	json_t *call = ctl_need(json_pack("{s:o, s:O}", "method", method_name(command->method),
		"parameters", request->parameters));

	add_options(request, request->parameters);
	if (command->stream || command->gather || command->progress)
		json_object_set_new(call, "more", json_true());
	return call;
}

int ctl_call_begin(struct ctl_request *request, struct ctl_client *client)
{
	json_t *call;
	int r, memory;

	r = ctl_client_open(client, request->options.socket,
		request->command->endless ? 0 : request->options.timeout);
	client->lost = request->command->lost;
	if (r == CTL_OK)
		r = ctl_files_memory(&request->files, &memory);
	if (r != CTL_OK)
		return r;
	call = make_call(request);
	r = ctl_client_send(client, call, memory);
	json_decref(call);
	if (memory >= 0)
		close(memory);
	return r;
}

/* The next message that is not about the progress. */
static int next_message(struct ctl_client *client, json_t **ret)
{
	json_t *message;
	int r;

	for (;;) {
		r = ctl_client_receive(client, &message);
		if (r != CTL_OK || !ctl_find(message, "parameters.progress"))
			break;
		ctl_progress_show(ctl_find(message, "parameters.progress"));
		json_decref(message);
	}
	ctl_line_clear();
	if (r == CTL_OK)
		*ret = message;
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

/* Receives the rest of the stream that `whole` begins. */
static int gather_all(struct ctl_client *client, json_t *whole)
{
	bool more = json_is_true(json_object_get(whole, "continues"));
	int r = CTL_OK;

	while (more) {
		json_t *part;

		r = next_message(client, &part);
		if (r != CTL_OK)
			break;
		more = json_is_true(json_object_get(part, "continues"));
		if (json_object_get(part, "error"))
			json_object_update(whole, part);
		else
			gather(whole, part);
		json_decref(part);
	}
	json_object_del(whole, "continues");
	return r;
}

/* The message's parameters, an empty object where it has none. */
static json_t *take_parameters(json_t *message)
{
	json_t *parameters = json_object_get(message, "parameters");

	parameters = json_is_object(parameters) ? json_incref(parameters) : ctl_need(json_object());
	json_decref(message);
	return parameters;
}

int ctl_call_next(
	struct ctl_request *request, struct ctl_client *client, json_t **ret_reply, bool *ret_last)
{
	json_t *message, *error, *reply;
	bool last;
	int r;

	r = next_message(client, &message);
	if (r != CTL_OK)
		return r;
	if (request->command->gather)
		r = gather_all(client, message);
	if (r != CTL_OK) {
		json_decref(message);
		return r;
	}
	last = !json_is_true(json_object_get(message, "continues"));
	error = json_incref(json_object_get(message, "error"));
	reply = take_parameters(message);
	if (error) {
		r = ctl_error(&request->files, json_string_value(error), reply);
		json_decref(error);
		json_decref(reply);
		return r;
	}
	*ret_reply = reply;
	*ret_last = last;
	return CTL_OK;
}

int ctl_call_other(const struct ctl_request *request, const char *method)
{
	json_t *call = ctl_need(json_pack("{s:o}", "method", method_name(method)));
	struct ctl_client client;
	json_t *message, *error;
	int r;

	r = ctl_client_open(&client, request->options.socket, request->options.timeout);
	if (r == CTL_OK)
		r = ctl_client_send(&client, call, -1);
	if (r == CTL_OK)
		r = ctl_client_receive(&client, &message);
	ctl_client_close(&client);
	json_decref(call);
	if (r != CTL_OK)
		return r;
	error = json_object_get(message, "error");
	if (error)
		r = ctl_error(&request->files, json_string_value(error),
			json_object_get(message, "parameters"));
	json_decref(message);
	return r;
}

void ctl_print_json(const struct ctl_options *options, const json_t *object)
{
	json_dumpf(object, stdout,
		JSON_ENSURE_ASCII | (options->pretty ? JSON_INDENT(4) : JSON_COMPACT));
	putchar('\n');
}

static int print_reply(struct ctl_request *request, const json_t *reply, bool last)
{
	const struct ctl_command *command = request->command;

	if (request->options.json && !command->stream)
		ctl_print_json(&request->options, reply);
	else
		command->print(request, reply, last);
	return command->status ? command->status(reply) : CTL_OK;
}

/* What is printed so far is all there is to do: events are written out one by one. */
static void end_well(int signal)
{
	_exit(CTL_OK);
}

int ctl_call(struct ctl_request *request)
{
	const struct ctl_command *command = request->command;
	struct ctl_client client;
	bool last = false;
	int r;

	if (command->endless)
		signal(SIGINT, end_well);
	r = ctl_call_begin(request, &client);
	while (r == CTL_OK && !last && !ferror(stdout)) {
		json_t *reply;

		r = ctl_call_next(request, &client, &reply, &last);
		if (r != CTL_OK)
			break;
		last = last || !command->stream;
		r = print_reply(request, reply, last);
		json_decref(reply);
	}
	ctl_client_close(&client);
	return r;
}
