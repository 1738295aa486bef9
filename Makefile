# The front door. `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := all
.PHONY: all run test bench dist clean help setup

CACHE := $(or $(REHEARSE_CACHE),$(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME)/rehearse,$(HOME)/.cache/rehearse))
CONFIGURE := -DWHISPER_PREFIX=$(CACHE)/whisper.cpp/install
SETUP := tools/setup build
ifeq ($(GPU),cuda)
CONFIGURE := -DWHISPER_PREFIX=$(CACHE)/whisper.cpp/install-cuda
SETUP := tools/setup cuda
else ifneq ($(GPU),)
$(error GPU=$(GPU) is not known; GPU=cuda is)
endif

all: setup ## build the program: build/rehearse (GPU=cuda: for NVIDIA GPUs too)
	@cmake --preset release $(CONFIGURE) --log-level=WARNING
	@cmake --build --preset release
	@build/rehearse model pull --quiet base

setup:
	@$(SETUP)

run: all ## build, then serve (port 8000 unless the settings say otherwise)
	@exec build/rehearse serve

test: ## everything is built, checked and tested
	@tools/setup test
	@tools/test

bench: all ## measure speed and accuracy
	@tools/bench

dist: all ## build/rehearse-<version>-<arch>.tar.gz, for other machines of the kind
	@tools/dist

clean: ## remove what was built (the dependency cache stays)
	rm -rf build build-*

help: ## this list
	@echo "make TARGET, where TARGET is"
	@sed -nE 's/^([a-z]+):.*## (.*)/  \1\t\2/p' Makefile | expand -t 12
	@echo "Downloads are kept in $(CACHE)."
