"""The shapes of the APIs: what a request asks of a Space, and how the events of a turn become a reply.

Nothing here does I/O, waits or knows HTTP. One module reads the requests of an API, one writes its replies:

===========================  =====================================  ==================================
API                          request                                reply
===========================  =====================================  ==================================
``/v1/chat/completions``     ``chat_request.parse(body)``           ``chat.Encoder(request)``
``/v1/completions``          ``completions.parse(body)``            ``completions.Encoder(request)``
``/v1/responses``            ``responses_request.parse(body, …)``   ``responses.Encoder(request)``
``/v1/messages``             ``messages_request.parse(body)``       ``messages.Encoder(request)``
===========================  =====================================  ==================================

**A request.** ``parse`` takes the body's bytes and gives a ``request.Request``, or raises ``problem.Problem``, an error
of the API with its status, and in ``param`` the field that is wrong. All APIs give the same form:

* ``system``: the system messages and, where there are tools, what the model is told of them;
* ``transcripts``: for each prompt (one, but for ``/v1/completions``) a tuple of ``Said(role, text, files)``, where tool
  calls and tool results are text in the form in which a model says and gets them. All but the last were said before. Two
  transcripts are the same conversation where they are equal, ``system`` too;
* ``closing``: what is said behind the last message, this time only (asking for JSON, for a call of a tool); it belongs
  to no transcript;
* ``n`` sessions are wanted of each transcript. Choice ``i`` answers ``transcripts[i // n]``; ``choices`` is their number;
* ``parameters``: sampling parameters under OpenAI's names, for the app's settings of the same names, and ``max_tokens``;
  ``settings``: the app's own settings by name (from the field ``spacebridge.settings``); an unknown one is an error;
* ``ignored``: names of parameters in the request that nothing can act upon;
* ``held``: whether the text can be given only once it is whole (no stream, JSON, a call that is demanded): for such a
  turn ``settle="end"`` costs nothing, though stop sequences are then seen only at the end.

**A reply** is made by an encoder, one for a request::

    encoder = chat.Encoder(request)          # model=, identifier= and created= can be given
    send(encoder.sse(encoder.begin()))
    async for event in turn:                 # of each choice
        send(encoder.sse(encoder.feed(event, choice)))
        if encoder.is_over(choice):          # a stop sequence, or max_tokens: leave the turn
            break
    while (prompt := encoder.repair(choice)) is not None:
        ...                                  # the answer is not what was asked for: one more turn, on a branch;
                                             # its events are fed like those before
    send(encoder.sse(encoder.finish(choice)))
    send(encoder.done)                       # b"data: [DONE]\\n\\n", or b"" where the API has none

* ``begin()``, ``feed(event, choice=0)``, ``finish(choice=0)`` and ``fail(problem)`` each give a list of events, as dicts;
  ``sse(events)`` makes the bytes of server-sent events of them. After ``fail`` neither ``finish`` nor ``done`` follows.
* ``finish`` raises ``Problem`` where the answer is still not what was asked for; give it to ``fail``, or as the status.
* ``whole()`` is the reply as one dict, after all choices are finished. A reply that isn't streamed is fed in the same way,
  and what ``feed`` gives (nothing) is thrown away.
* ``error_body(problem)`` of the encoder's module is the body of an error before the first byte; ``problem.of(error)``
  gives the ``Problem`` of each error of the library.
* ``said(choice)`` is the answer as the ``Said`` with which it comes back in the next request's transcript: what to keep
  to know the conversation again.
* ``burst.joined(events)`` joins neighbouring deltas of events that arrived together, so that they leave together.
* ``sse.comment(text)`` and ``sse.queued(event)`` are comments, for keep-alives and for the place in the queue.

**Text only grows.** Streams follow the rules for surfaces that can only append (``spacebridge.chat.append``): after a
layout rewrite the text goes on behind the place that corresponds; after a content rewrite no more text comes, and the
last event carries the whole final text in its field ``spacebridge.text``.

**What is not of the API** goes into a field ``spacebridge``: in a request ``{"settings": {…}, "events": true}``; in replies
attachments, the final text after a rewrite and, where ``events`` was asked for, every other event of the library.
"""
