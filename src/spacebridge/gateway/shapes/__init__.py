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
* ``transcripts``: for each prompt (one, but for ``/v1/completions``) a tuple of ``Said(role, text, files)``: user and
  assistant by turns, the user last. Calls and results of tools are text in it, as a model says and gets them. All but
  the last were said before; a conversation is known again by them and by ``system``;
* ``closing``: what is said behind the last message, this time only (asking for JSON, for a call of a tool); it belongs
  to no transcript;
* ``n`` sessions are wanted of each transcript. ``choices`` is the number of all; ``transcript(choice)`` is what each
  has to answer;
* ``parameters``: sampling parameters under OpenAI's names, ``max_tokens`` among them, for settings of the app that have
  these names; ``settings``: the app's own settings by name (the field ``spacebridge.settings``), unknown ones an error;
* ``ignored``: names of parameters in the request that nothing acts upon; to them belong those of ``parameters`` that
  the app has no setting for, but for ``max_tokens``, which is then kept here, by estimate;
* ``held``: whether the text can be given only once it is whole (no stream, JSON, a call that is demanded).

**A reply** is made by an encoder, one for a request::

    encoder = chat.Encoder(request, limited=True)   # False where the app has a setting for max_tokens, which was set
    send(encoder.sse(encoder.begin()))
    async for event in turn:                        # of each choice
        send(encoder.sse(encoder.feed(event, choice)))
        if encoder.is_over(choice):                 # a stop sequence, or max_tokens: leave the turn
            break
    if (prompt := encoder.repair(choice)) is not None:
        ...                                         # not what was asked for: one more turn, on a branch; its events
                                                    # are fed like those before
    send(encoder.sse(encoder.finish(choice)))
    send(encoder.done)                              # the last bytes, if the API has such

* ``begin()``, ``feed(event, choice=0)``, ``finish(choice=0)``, ``fail(problem)`` each give a list of events, as dicts;
  ``sse(events)`` makes bytes of them. After ``fail`` neither ``finish`` nor ``done`` follows.
* ``finish`` raises ``Problem`` where the answer is still not what was asked for; give it to ``fail``, or as the status.
* ``whole()`` is the reply as one dict, after all choices are finished. A reply that isn't streamed is fed in the same
  way, without ``sse``: then nothing but ``whole`` gives anything.
* ``Encoder.error_body(problem)`` is the body of an error before the first byte; ``problem.of(error)`` gives the
  ``Problem`` of each error of the library.
* ``said(choice)`` is the answer as the ``Said`` with which it comes back in the next request's transcript: what to keep
  to know the conversation again.
* ``burst.joined(events)`` joins neighbouring deltas of events that arrived together, so that they leave together.
* ``sse.comment(text)`` and ``sse.queued(event)`` are comments, for keep-alives and for the place in the queue.

**Text only grows.** Streams follow the rules for surfaces that can only append (``spacebridge.chat.append``): after a
layout rewrite the text goes on behind the place that corresponds; after a content rewrite no more text comes, and the
last event carries the whole final text in its field ``spacebridge.text``.

**What is not of the API** goes into a field ``spacebridge``: in a request ``{"settings": {…}, "events": true}``; in
replies attachments, the final text after a rewrite and, where ``events`` was asked for, every event of the library that
is no text: then as ``{"spacebridge": {"event": {"type": "queued", …}}}``.
"""
