# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""awx/: each call of load.yml against the argument specs of awx.awx, and the rules by which AWX itself would refuse what it is given.

That infra.aap_configuration takes the same variables follows from two of them: the names of the lists, and that an item's keys are the module's options.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import jinja2.sandbox
import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.cmsweb.crab.plugins.plugin_utils._preflight import TRUSTED

ROOT = Path(__file__).resolve().parents[3]
AWX = ROOT / 'awx'
# Playbooks that no job can run, and why.
NOT_FOR_AWX = {'playbooks/init.yml': 'asks its questions at a terminal'}
# What the role dispatch of infra.aap_configuration looks for, and the module that each item goes to.
LISTS = {
    'controller_credential_types': 'credential_type', 'controller_execution_environments': 'execution_environment', 'controller_projects': 'project',
    'controller_inventories': 'inventory', 'controller_inventory_sources': 'inventory_source', 'controller_credentials': 'credential',
    'controller_templates': 'job_template', 'controller_workflows': 'workflow_job_template', 'controller_schedules': 'schedule',
}
BUILT_IN_TYPES = {'Machine', 'Vault'}
ALL_SECRETS = {name: {} for name in ('machine', 'vault', 'oracle', 'grid', 'host_certificate', 'openstack')}
STAGES = ['vm', 'cert', 'voms', 'deploy', 'config', 'schema plan', 'approval', 'schema apply', 'auth', 'verify']
ANSIBLE_TYPES = {'str': str, 'path': str, 'int': int, 'float': float, 'bool': bool, 'list': list, 'dict': dict}
SURVEY_TYPES = {'str': {'text', 'textarea', 'password', 'multiplechoice'}, 'path': {'text'}, 'int': {'integer'}, 'bool': {'multiplechoice'},
                'list': {'multiselect', 'textarea'}, 'dict': {'textarea'}}
# AWX lists a YAML file as a playbook if a line looks like this, and if no folder on its way is hidden, or called roles, tasks, group_vars or host_vars.
PICKED = re.compile(r'^\s*-?\s*(hosts|(ansible\.builtin\.)?include|(ansible\.builtin\.)?import_playbook):')


def variables(**settings: Any) -> dict[str, Any]:
    loader, found = DataLoader(), {}
    for path in sorted((AWX / 'vars').iterdir()):
        found |= loader.load_from_file(str(path), cache='none', **TRUSTED)
    return found | settings


def rendered(value: Any, names: dict[str, Any]) -> Any:
    return Templar(loader=DataLoader(), variables=names).template(value)


def data(**settings: Any) -> dict[str, list[dict[str, Any]]]:
    names = variables(crab_awx_secrets=ALL_SECRETS, **settings)
    return {name: rendered(names[name], names) for name in LISTS}


DATA = data()
TEMPLATES = {item['playbook']: item for item in DATA['controller_templates']}
QUESTIONS = [pytest.param(playbook, question, id=f"{Path(playbook).stem}-{question['variable']}")
             for playbook, item in TEMPLATES.items() for question in item['survey_spec']['spec']]


def tasks() -> dict[str, tuple[str, dict[str, str]]]:
    """Of load.yml: the list that a task goes through, to its module and the module's arguments."""
    (play,) = DataLoader().load_from_file(str(AWX / 'load.yml'), **TRUSTED)
    found = {}
    for task in play['tasks'][1:]:
        (module,) = [key for key in task if key.startswith('awx.awx.')]
        found[task['loop'].strip('{} ')] = module.removeprefix('awx.awx.'), task[module]
    return found


def calls() -> Iterator[tuple[str, dict[str, Any]]]:
    """(module, arguments) of every call that load.yml makes."""
    for name, (module, arguments) in tasks().items():
        for item in DATA[name]:
            made = rendered(arguments, {'item': item, 'omit': '__omitted__'})
            yield module, {key: value for key, value in made.items() if value != '__omitted__'}


def specification(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the module's main() gives to AnsibleModule."""
    module = importlib.import_module(f'ansible_collections.awx.awx.plugins.modules.{name}')
    seen: list[dict[str, Any]] = []

    class Seen(Exception):
        pass

    def construct(**options: Any) -> None:
        seen.append(options)
        raise Seen

    monkeypatch.setattr(module, 'ControllerAPIModule', construct)
    with pytest.raises(Seen):
        module.main()
    return seen[0]


def suboptions(name: str, option: str) -> dict[str, Any]:
    """A module that takes a list of dictionaries checks no more than that; its documentation tells what is in them."""
    module = importlib.import_module(f'ansible_collections.awx.awx.plugins.modules.{name}')
    return yaml.safe_load(module.DOCUMENTATION)['options'][option]['suboptions']


def misfits(value: Any, option: dict[str, Any], where: str) -> Iterator[str]:
    """Stricter than Ansible, which makes a string of anything."""
    expected = ANSIBLE_TYPES[option.get('type', 'str')]
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        yield f'{where}: {value!r} is no {expected.__name__}'
    elif option.get('choices') and value not in option['choices']:
        yield f"{where}: {value!r} is none of {option['choices']}"
    elif option.get('suboptions'):
        for one in value if isinstance(value, list) else [value]:
            for key, inner in one.items():
                if key not in option['suboptions']:
                    yield f'{where}.{key} is not known'
                else:
                    yield from misfits(inner, option['suboptions'][key], f'{where}.{key}')


@pytest.mark.parametrize('name', LISTS.values())
def test_every_call_is_one_that_the_module_takes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    options = specification(name, monkeypatch)
    spec = options.pop('argument_spec')
    mine = [arguments for module, arguments in calls() if module == name]

    assert mine
    for arguments in mine:
        assert ArgumentSpecValidator(spec, **options).validate(arguments).error_messages == []
        for key, value in arguments.items():
            option = dict(spec[key], suboptions=suboptions(name, key) if key == 'workflow_nodes' else None)
            assert list(misfits(value, option, f"{arguments['name']}: {key}")) == []


def test_what_does_not_fit_is_found() -> None:
    option = {'type': 'list', 'suboptions': suboptions('workflow_job_template', 'workflow_nodes')}

    assert list(misfits([{'identifer': 'x'}, {'job_type': 'try'}, {'job_tags': ['a']}], option, 'nodes')) == [
        'nodes.identifer is not known', "nodes.job_type: 'try' is none of ['run', 'check']", "nodes.job_tags: ['a'] is no str"]


def test_both_consumers_see_the_same_data() -> None:
    assert {name: module for name, (module, _arguments) in tasks().items()} == LISTS
    for name, (_module, arguments) in tasks().items():
        assert {key for item in DATA[name] for key in item} == set(arguments), name


def test_an_environment_has_the_credentials_that_it_names_and_no_template_another() -> None:
    names = variables(crab_awx_environment='prod', crab_awx_secrets={'machine': {}, 'oracle': {'dsn': 'int9r'}})
    credentials = {item['name']: item for item in rendered(names['controller_credentials'], names)}
    present = {name for name, item in credentials.items() if item['state'] == 'present'}

    assert present == {'CRAB REST prod: login', 'CRAB REST prod: Oracle account'}
    assert credentials['CRAB REST prod: Oracle account']['inputs'] == {'dsn': 'int9r'}
    for template in rendered(names['controller_templates'], names):
        assert set(template['credentials']) <= present, template['name']


@pytest.mark.parametrize('playbook, kinds', [
    ('playbooks/stop.yml', ['login', 'vault']),
    ('playbooks/status.yml', ['login', 'vault', 'Grid credential']),
    ('playbooks/schema_plan.yml', ['login', 'vault', 'Oracle account']),
    ('playbooks/decommission.yml', ['login', 'vault', 'OpenStack']),
    ('playbooks/renew_hostcert.yml', ['login', 'vault', 'Grid credential', 'host certificate']),
    ('site.yml', ['login', 'vault', 'Grid credential', 'host certificate', 'OpenStack', 'Oracle account']),
])
def test_a_job_gets_the_secrets_that_it_has_a_use_for(playbook: str, kinds: list[str]) -> None:
    assert TEMPLATES[playbook]['credentials'] == [f'CRAB REST preprod: {kind}' for kind in kinds]


def named(kind: str) -> set[str]:
    names = [item['name'] for item in DATA[kind]]
    assert len(names) == len(set(names))
    return set(names)


def test_every_name_that_is_referred_to_exists() -> None:
    projects, inventories, environments = named('controller_projects'), named('controller_inventories'), named('controller_execution_environments')
    types, credentials, templates = named('controller_credential_types'), named('controller_credentials'), named('controller_templates')

    assert {item['default_environment'] for item in DATA['controller_projects']} <= environments
    for item in DATA['controller_inventory_sources']:
        assert item['inventory'] in inventories and item['source_project'] in projects and item['execution_environment'] in environments
    assert {item['credential_type'] for item in DATA['controller_credentials']} == types | BUILT_IN_TYPES
    for item in DATA['controller_templates']:
        assert item['project'] in projects and item['inventory'] in inventories and item['execution_environment'] in environments
        assert set(item['credentials']) <= credentials
    for item in DATA['controller_workflows']:
        assert item['inventory'] in inventories
        assert {node['unified_job_template']['name'] for node in item['workflow_nodes'] if node['unified_job_template']['type'] == 'job_template'} <= templates
    assert {item['unified_job_template'] for item in DATA['controller_schedules']} <= templates
    assert {item['organization'] for name in LISTS for item in DATA[name] if name != 'controller_credential_types'} == {'Default'}


def playbooks() -> set[str]:
    """What the collection has, without those that another of them is only a short name for."""
    found = {str(path.relative_to(ROOT)) for path in [ROOT / 'site.yml', *ROOT.glob('playbooks/*.yml')]}
    return found - {play['ansible.builtin.import_playbook'] for name in found for play in yaml.safe_load((ROOT / name).read_text())
                    if 'ansible.builtin.import_playbook' in play}


def test_every_playbook_has_a_template() -> None:
    assert set(TEMPLATES) == playbooks() - set(NOT_FOR_AWX)
    assert len(TEMPLATES) == len(DATA['controller_templates'])


def picked(name: str) -> bool:
    """Whether AWX shows the file in its list of playbooks; it takes no other in a template."""
    folders = Path(name).parent.parts
    hidden = any(folder.startswith('.') or folder in ('roles', 'tasks', 'group_vars', 'host_vars') for folder in folders)
    return not hidden and any(PICKED.match(line) for line in (ROOT / name).read_text().splitlines())


@pytest.mark.parametrize('playbook', TEMPLATES)
def test_awx_finds_the_playbook(playbook: str) -> None:
    assert picked(playbook)


def test_awx_does_not_take_a_file_of_tasks_for_a_playbook() -> None:
    assert not picked('playbooks/tasks/back.yml') and not picked('awx/vars/templates.yml')


def text_of(playbook: str) -> str:
    """The playbook with what it imports."""
    text = (ROOT / playbook).read_text()
    imported = re.findall(r'import_playbook: (\S+)', text) + [f'playbooks/{name}' for name in re.findall(r'(?:import_tasks|file): (tasks/\S+)', text)]
    return text + ''.join(text_of(name) for name in imported)


def roles_of(text: str, known: tuple[str, ...] = ()) -> Iterator[str]:
    """The roles that a text names, and those that they name."""
    for name in sorted(set(re.findall(r'cmsweb\.crab\.(\w+)', text))):
        folder = ROOT / 'roles' / name
        if folder.is_dir() and name not in known:
            yield name
            yield from roles_of(''.join(path.read_text() for path in folder.glob('tasks/*.yml')), (*known, name))


@functools.cache
def options_of(playbook: str) -> dict[str, dict[str, Any]]:
    """The variables that mean something to a playbook: the options of its roles, and what it or their defaults read beside them."""
    text, found = text_of(playbook), {}
    for role in roles_of(text):
        for entry in yaml.safe_load((ROOT / f'roles/{role}/meta/argument_specs.yml').read_text())['argument_specs'].values():
            found |= entry.get('options') or {}
        text += (ROOT / f'roles/{role}/defaults/main.yml').read_text()
    return {name: {'type': 'int' if name.endswith('_percentage') else 'str'} for name in re.findall(r'\bcrab_\w+', text)} | found


@pytest.mark.parametrize('playbook, question', QUESTIONS)
def test_a_question_is_about_a_variable_of_the_playbook_and_its_answer_fits(playbook: str, question: dict[str, Any]) -> None:
    option = options_of(playbook).get(question['variable'])

    assert option, f"{playbook} has no variable {question['variable']}"
    secret = option.get('no_log') or 'password' in question['variable']
    assert question['type'] in ({'password'} if secret else SURVEY_TYPES[option['type']] - {'password'})
    if question['type'] == 'multiplechoice':
        assert set(question['choices']) <= set(option.get('choices') or ['true', 'false'])
    if question['type'] == 'textarea' and option['type'] in ('list', 'dict'):     # a string that Ansible reads as one
        example = yaml.safe_load(re.search(r'such as (.*)', question['question_description'])[1])
        assert isinstance(example, ANSIBLE_TYPES[option['type']])


@pytest.mark.parametrize('playbook', TEMPLATES)
def test_what_the_playbook_tells_to_give_by_e_is_asked_for(playbook: str) -> None:
    head = ''.join(line for line in text_of(playbook).splitlines(keepends=True) if line.startswith('#'))
    given = set(re.findall(r"-e '?[{\"]*([a-z]\w+)", head))

    assert given <= {question['variable'] for question in TEMPLATES[playbook]['survey_spec']['spec']}


@pytest.mark.parametrize('playbook, variable', [
    ('playbooks/decommission.yml', 'vm_delete'), ('playbooks/schema_scratch.yml', 'oracle_schema_scratch_account'),
    ('playbooks/schema_script.yml', 'oracle_schema_script'), ('playbooks/purge_filemetadata.yml', 'oracle_schema_purge_months'),
    ('playbooks/devrepos.yml', 'devrepos_crabserver_repository'), ('playbooks/devrepos.yml', 'devrepos_wmcore_repository'),
])
def test_what_the_playbook_cannot_do_without_must_be_answered(playbook: str, variable: str) -> None:
    (question,) = [one for one in TEMPLATES[playbook]['survey_spec']['spec'] if one['variable'] == variable]

    assert question['required'] is True and 'default' not in question


@pytest.mark.parametrize('playbook, question', QUESTIONS)
def test_awx_takes_the_question(playbook: str, question: dict[str, Any]) -> None:
    assert set(question) <= {'variable', 'question_name', 'question_description', 'type', 'required', 'choices', 'default', 'min', 'max'}
    assert all(isinstance(question[key], str) and question[key] for key in ('variable', 'question_name', 'type')) and isinstance(question['required'], bool)
    assert (question['type'] in ('multiplechoice', 'multiselect')) == ('choices' in question)
    assert (question['type'] == 'integer') == isinstance(question.get('min'), int) == isinstance(question.get('max'), int)
    assert 'default' not in question or question['required'], 'the default of an optional question would override the inventory'
    assert 'default' not in question or question['default'] in question['choices']


@pytest.mark.parametrize('playbook', TEMPLATES)
def test_whoever_can_be_kept_away_by_a_job_is_asked_whether_that_is_dead(playbook: str) -> None:
    asked = 'crab_take_over' in {question['variable'] for question in TEMPLATES[playbook]['survey_spec']['spec']}

    assert asked == ('crab_take_over' in (ROOT / 'playbooks' / Path(playbook).name).read_text())


def test_no_survey_asks_twice_and_each_has_what_awx_wants() -> None:
    for item in [*DATA['controller_templates'], *DATA['controller_workflows']]:
        names = [question['variable'] for question in item['survey_spec']['spec']]
        assert names and len(names) == len(set(names)), item['name']
        assert set(item['survey_spec']) == {'name', 'description', 'spec'} and item['survey_enabled'] is True


def test_a_playbook_with_a_prompt_has_its_answer_in_the_template() -> None:
    """A job has a terminal, at which nobody sits."""
    for name, item in TEMPLATES.items():
        for play in yaml.safe_load((ROOT / name).read_text()):
            for prompt in play.get('vars_prompt', []):
                assert prompt['name'] in item['extra_vars'], name


@pytest.mark.parametrize('item', DATA['controller_credential_types'], ids=lambda item: item['name'])
def test_awx_takes_the_credential_type(item: dict[str, Any]) -> None:
    """Fields and injectors by the rules of its schema; each template renders with the fields alone."""
    fields = {field['id'] for field in item['inputs']['fields']}
    assert item['kind'] in ('cloud', 'net') and 'tower' not in fields and set(item['inputs'].get('required', [])) <= fields
    for field in item['inputs']['fields']:
        assert set(field) <= {'id', 'type', 'label', 'help_text', 'multiline', 'secret', 'default'} and {'id', 'type', 'label'} <= set(field)
    injectors = item['injectors']
    assert set(injectors) <= {'file', 'env', 'extra_vars'}
    files = {name.removeprefix('template.'): 'a file' for name in injectors.get('file', {})}
    assert all(re.match(r'^template\.[a-z_]+$', name) for name in injectors.get('file', {}))
    assert not any(name.startswith('ANSIBLE_') or name in ('PATH', 'PYTHONPATH') for name in injectors.get('env', {}))
    secret = {field['id'] for field in item['inputs']['fields'] if field.get('secret')}
    sandbox = jinja2.sandbox.ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
    for kind, texts in injectors.items():
        for text in texts.values():
            names = {field: f'<{field}>' for field in fields} | {'tower': {'filename': files}}
            shown = sandbox.from_string(text).render(names)
            assert kind != 'env' or not any(f'<{name}>' in shown for name in secret), 'the environment is kept with the result of a job'


def reached(nodes: dict[str, dict[str, Any]], name: str) -> list[str]:
    return [name, *(found for child in nodes[name].get('related', {}).get('success_nodes', []) for found in reached(nodes, child['identifier']))]


def test_the_workflow_has_every_stage_in_its_order_with_an_approval_before_the_tables_change() -> None:
    (workflow,) = DATA['controller_workflows']
    nodes = {node['identifier']: node for node in workflow['workflow_nodes']}
    stages = {tag for playbook in ('playbooks/site.yml',) for tag in re.findall(r'tags: \[(\w+)\]', (ROOT / playbook).read_text())} - {'always'}

    assert reached(nodes, 'vm') == STAGES == list(nodes)
    assert nodes['approval']['unified_job_template']['type'] == 'workflow_approval'
    tags = [tag for node in nodes.values() for tag in node.get('job_tags', '').split(',') if tag]
    assert sorted([*tags, 'schema']) == sorted(stages), 'each stage of site.yml, once; schema is a job of its own'
    assert nodes['verify']['job_tags'] == 'switch,service,verify'


def test_what_a_workflow_or_schedule_gives_to_a_template_is_prompted_for_there() -> None:
    templates = {item['name']: item for item in DATA['controller_templates']}
    for node in DATA['controller_workflows'][0]['workflow_nodes']:
        if 'job_tags' in node:
            assert templates[node['unified_job_template']['name']]['ask_tags_on_launch'] is True
    for item in DATA['controller_schedules']:
        assert not any(question['required'] for question in templates[item['unified_job_template']]['survey_spec']['spec']), item['name']


@pytest.mark.parametrize('item', DATA['controller_schedules'], ids=lambda item: item['name'])
def test_awx_takes_the_rule_of_a_schedule(item: dict[str, Any]) -> None:
    assert re.match(r'^DTSTART;TZID=Europe/Zurich:\d{8}T\d{6} RRULE:FREQ=(DAILY|WEEKLY;INTERVAL=1;BYDAY=MO|MONTHLY;INTERVAL=1;BYMONTHDAY=1)(;INTERVAL=1)?$',
                    item['rrule'])


def test_the_schedules_are_the_three_that_must_not_be_forgotten() -> None:
    assert [item['unified_job_template'].split(': ')[1] for item in DATA['controller_schedules']] == ['renew proxy', 'diagnose', 'database report']
