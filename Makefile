# The front door. `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := all
.PHONY: all run test bench dist clean help setup

CACHE := $(or $(REHEARSE_CACHE),$(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME)/rehearse,$(HOME)/.cache/rehearse))
# The engine whisper.cpp, which takes minutes to build, is for GPUs and for the
# tests; it is built in where it was asked for once, unless WHISPER_CPP=off.
CONFIGURE := -DWHISPER_PREFIX=$(CACHE)/whisper.cpp/install -DRH_WHISPER_CPP=AUTO
SETUP := tools/setup build
ifeq ($(GPU),cuda)
CONFIGURE := -DWHISPER_PREFIX=$(CACHE)/whisper.cpp/install-cuda -DRH_WHISPER_CPP=ON
SETUP := tools/setup cuda
else ifneq ($(GPU),)
$(error GPU=$(GPU) is not known; GPU=cuda is)
else ifeq ($(WHISPER_CPP),on)
CONFIGURE := -DWHISPER_PREFIX=$(CACHE)/whisper.cpp/install -DRH_WHISPER_CPP=ON
SETUP := tools/setup whisper
else ifeq ($(WHISPER_CPP),off)
CONFIGURE := -DRH_WHISPER_CPP=OFF
else ifneq ($(WHISPER_CPP),)
$(error WHISPER_CPP=$(WHISPER_CPP) is not known; on and off are)
endif

all: setup ## build the program: build/rehearse (GPU=cuda: for NVIDIA GPUs too; WHISPER_CPP=on: that engine too)
	@cmake --preset release $(CONFIGURE) --log-level=WARNING
	@cmake --build --preset release --target fetch_model
	@build/tools/fetch_model base & cmake --build --preset release --target rehearse; built=$$?; wait; exit $$built
	@build/rehearse model pull --quiet base

setup:
	@$(SETUP)

run: all ## build, then serve (port 8000 unless the settings say otherwise)
	@exec build/rehearse serve

test: ## everything is built, checked and tested
	@tools/setup test
	@tools/test

bench: all ## measure speed and accuracy
	@cmake --build --preset release --target bench_programs
	@tools/bench

dist: all ## build/rehearse-<version>-<arch>.tar.gz, for other machines of the kind
	@tools/dist

clean: ## remove what was built (the dependency cache stays)
	rm -rf build build-*

help: ## this list
	@echo "make TARGET, where TARGET is"
	@sed -nE 's/^([a-z]+):.*## (.*)/  \1\t\2/p' Makefile | expand -t 12
	@echo "Downloads are kept in $(CACHE)."
