language-name = Русский

## Вокруг каждой страницы
skip = Перейти к содержанию
nav-label = Учётная запись
nav-languages = Язык
nav-sign-in = Войти
nav-sign-out = Выйти
footer-run-by = Портал ведёт: { $what }.
footer-host = В адресной строке браузера должно стоять { $what }.
footer-help = Помощь
footer-privacy = Конфиденциальность
footer-privacy-text = Портал хранит только один файл cookie — вашего входа — и никаких других. Прежде чем кому-либо показать ваши данные, записывается: кто, какие данные, зачем и по какому закону. Это видно на странице «Кто видел мои данные».

## Отказы
refusal-next = Что можно сделать
refusal-code = Код причины
refusal-number = Номер запроса
refusal-time = Время
refusal-service = Услуга
refusal-until = Попробуйте снова после { $what }.
refusal-wait = { $n ->
    [one] Осталась { $n } секунда.
    [few] Осталось { $n } секунды.
   *[many] Осталось { $n } секунд.
  }
button-sign-in = Войти
button-stronger = Войти более надёжно
button-again = Попробовать снова
button-services = Посмотреть услуги

refusal-sign-in = Сначала войдите
refusal-stronger = Войдите более надёжно
refusal-not-allowed = Это не разрешено
refusal-not-found = Здесь ничего нет
refusal-unclear = Мы не поняли этот запрос
refusal-too-many = Слишком много запросов
refusal-service-down = Услуга не отвечает
refusal-service-fault = Услуга дала неверный ответ
refusal-not-now = Сейчас это невозможно
refusal-our-fault = Ошибка на нашей стороне
refusal-sign-in-failed = Войти не удалось
refusal-sign-in-cancelled = Вы прервали вход

next-sign-in = Войдите. После этого вы вернётесь на эту страницу.
next-stronger = Войдите ещё раз со вторым шагом: например, с кодом или электронным ключом. После этого вы вернётесь на эту страницу.
next-not-allowed = Если вы считаете, что доступ вам положен, назовите службе помощи номер запроса, указанный ниже.
next-not-found = Проверьте адрес или найдите услугу в списке услуг.
next-unclear = Вернитесь назад и попробуйте снова. Если это повторится, назовите службе помощи номер запроса, указанный ниже.
next-too-many = Немного подождите и попробуйте снова.
next-service-down = Попробуйте снова через несколько минут. То, что вы уже отправили, не потеряно.
next-service-fault = Никому ничего не было показано. Ошибку должен исправить орган, который оказывает услугу; попробуйте позже.
next-not-now = Попробуйте снова через несколько минут. Ничего не потеряно.
next-our-fault = Ничего не потеряно. Попробуйте снова через несколько минут; если это повторится, назовите службе помощи номер запроса, указанный ниже.
next-sign-in-failed = Начните сначала. Во время входа не пользуйтесь старой ссылкой и кнопкой «назад».
next-sign-in-cancelled = Ничего не изменилось. Войти можно в любое время.
hint-justify = Напишите, зачем нужны эти данные, и попробуйте снова.
hint-case = Укажите дело, над которым работаете, вверху списка услуг и попробуйте снова.
hint-approve = Попросите второго сотрудника вашего органа подтвердить запрос.
hint-consent = Для этого нужно согласие человека. Без действующего согласия данные не передаются.

reason-bad_request = Адрес или форма запроса неверны.
reason-bad_header = Часть запроса, который отправила ваша программа, неверна.
reason-bad_cookie = Файлы cookie, которые прислал браузер, не читаются. Удалите файлы cookie этого портала и войдите снова.
reason-unknown_operation = По этому адресу услуги нет.
reason-method_not_allowed = Этот адрес не принимает такие запросы.
reason-body_too_large = Отправленное больше, чем принимает эта услуга.
reason-cross_origin = Запрос пришёл с другого сайта. Для вашей безопасности он не выполнен.
reason-sign_in_needed = Чтобы показать эту страницу, нам нужно знать, кто вы.
reason-invalid_token = Ваш вход здесь недействителен или его срок истёк.
reason-insufficient_user_authentication = Для этих данных нужно более надёжное подтверждение, что это вы.
reason-insufficient_scope = Системе, которая обратилась, такое право не дано.
reason-wrong_realm = Эта услуга недоступна при том способе входа, который вы выбрали.
reason-too_many_requests = От вас пришло больше запросов, чем портал принимает за это время.
reason-purpose_needed = В запросе не сказано, для чего нужны данные.
reason-purpose_not_bound = Для названной цели эти данные не даются.
reason-subject_unclear = Из запроса не ясно, чьи данные имеются в виду.
reason-case_needed = Эти данные показываются только в рамках дела.
reason-case_unknown = Такое дело не найдено в органе, который должен его вести.
reason-case_closed = Дело закрыто. Данные показываются, только пока дело открыто.
reason-case_of_another = Дело касается другого человека, другого органа или другой цели.
reason-case_not_assigned = Дело закреплено за другим сотрудником.
reason-consent_needed = Человек не дал на это согласия или отозвал его.
reason-mandate_needed = Данные другого человека можно увидеть, только если вы вправе действовать от его имени.
reason-staff_inactive = Ваша должность неактивна, или срок вашего обучения защите данных истёк.
reason-self_dealing = Сотрудник не работает со своими данными. Чтобы увидеть их, войдите как заявитель.
reason-protected_person = Эти данные показать нельзя.
reason-not_permitted = Ни одно правило этого не разрешает.
reason-question_not_allowed = Такой вопрос задавать нельзя.
reason-nothing_to_disclose = Здесь нет ничего, что можно вам показать.
reason-policy_error = Не удалось применить правило, поэтому мы ничего не показали.
reason-facts_unavailable = Орган, который должен подтвердить ваше право, не отвечает, поэтому мы ничего не показываем.
reason-upstream_unavailable = Система органа, который оказывает эту услугу, недоступна.
reason-upstream_timeout = Система органа, который оказывает эту услугу, отвечает слишком долго.
reason-contract_broken = Услуга ответила не в той форме, о которой договорились. Мы остановили ответ.
reason-subject_mismatch = Услуга ответила о другом человеке. Мы остановили ответ.
reason-leak_stopped = В ответе были данные, которых там быть не должно. Мы остановили ответ.
reason-journal_unavailable = Мы не смогли записать, кто увидит данные, поэтому ничего не показали.
reason-store_full = Нет места, чтобы записать, кто увидит данные, поэтому мы ничего не показали.
reason-sessions_unavailable = Сейчас мы не можем проверить ваш вход.
reason-provider_unavailable = Служба входа не отвечает.
reason-sign_in_failed = Ответ службы входа не подошёл к запросу или пришёл слишком поздно.
reason-sign_in_cancelled = Служба входа сообщила, что вход прерван.
reason-overloaded = Сейчас порталом пользуется слишком много людей.
reason-internal = В портале произошёл сбой.

## Вход и выход
chooser-title = Как вы хотите войти?
chooser-lead = Вы перейдёте в службу входа и затем вернётесь сюда.
chooser-none = Сейчас войти нельзя.
realm-person = Как заявитель
realm-person-text = Для тех, кто пользуется услугами для себя или для организации.
realm-official = Как сотрудник
realm-official-text = Для тех, кто работает в государственном органе.
realm-other = Как система
realm-other-text = Для информационных систем органов.
signed-out-title = Вы вышли
signed-out-text = Теперь никто не сможет пользоваться вашим кабинетом из этого браузера.
signed-out-provider = В службе входа вы, возможно, ещё не вышли. Если компьютером пользуются и другие, выйдите и там.
button-provider = Выйти и там
button-sign-in-again = Войти снова

## Кабинет
home-title = Мой кабинет
home-hello = Здравствуйте, { $what }
home-body = Орган
home-strength = Надёжность входа
home-since = Вход выполнен
home-seen = Последний просмотр другими
home-seen-none = в новейших записях его нет
strength-0 = нет
strength-1 = пароль или СМС
strength-2 = со вторым шагом
strength-3 = с собственным электронным ключом
link-journal = Кто видел мои данные
link-journal-text = Какие органы смотрели ваши данные, когда и зачем.
link-services = Услуги
link-services-text = Все услуги портала и кто их оказывает.
link-policies = Правила
link-policies-text = Кто и что может видеть, простыми словами.

## Кто видел мои данные
journal-title = Кто видел мои данные
journal-lead = Каждый просмотр ваших данных записывается здесь до того, как данные выйдут. Новое — сверху.
journal-empty = Никто не смотрел ваши данные с { $what }.
journal-empty-ever = Пока никто не смотрел ваши данные.
journal-empty-page = На этой странице записей нет.
journal-withheld = Этот список нельзя вам показать.
journal-own = { $n ->
    [one] Вы смотрели свои данные { $n } раз
    [few] Вы смотрели свои данные { $n } раза
   *[many] Вы смотрели свои данные { $n } раз
  }
journal-newest = К самым новым
journal-older = Старее
journal-pages = Страницы списка
entry-clear = Что видел
entry-masked = Видел частично
entry-verified = Получил только «да» или «нет»
entry-absent = Не показано
entry-none = Данные не были показаны.
entry-purpose = Для чего
entry-law = Основание
entry-article = { $act }, статья { $article }
entry-why = Почему?
entry-service = Услуга
entry-official = Сотрудник
entry-official-number = № { $what }
entry-system = Система
entry-case = Дело
entry-rules = Какое правило разрешило
entry-number = Номер запроса
entry-place = Место в журнале
entry-unknown-body = Неизвестный орган
entry-representative = Человек, действующий от вашего имени
entry-possible = Чем закончился этот запрос, неизвестно. Возможно, ваши данные были показаны.
entry-relative = Ваши данные были в ответе о другом человеке или о нескольких людях.
entry-unexpected = Если вы этого не ожидали, назовите службе помощи номер запроса.

## Правила
policies-title = Кто и что может видеть
policies-lead = Что не разрешено правилом, то запрещено. Если одно правило разрешает, а другое запрещает, действует запрет.
policies-count = { $n ->
    [one] Действует { $n } правило
    [few] Действуют { $n } правила
   *[many] Действуют { $n } правил
  }
policies-bundle = Редакция
policies-withheld = Правила нельзя вам показать.
policies-pages = Страницы правил
page-before = Назад
page-after = Дальше
rule-permit = Разрешено
rule-forbid = Запрещено
rule-lapsed = больше не действует
rule-who = Кто
rule-does = Что может
rule-does-not = Что не может
rule-data = К чему относится
rule-when = Когда
rule-always = всегда
rule-law = Основание
rule-owner = Отвечает
rule-until = Срок
rule-no-end = бессрочно
rule-mask = Как показывается
rule-text = Точный текст
who-anyone = любой
who-person = заявитель
who-official = сотрудник
who-system = система другого органа
does-any = что угодно
does-invoke = пользоваться услугой
does-submit = отправлять что-либо в услугу
does-disclose = получать данные в любом виде
does-view = видеть полностью
does-viewMasked = видеть частично
does-verify = спрашивать «да» или «нет»
does-readJournal = читать журнал
does-checkDocument = проверять документ
data-any = всё
data-facet = данные
data-operation = услуга
data-document = документ
when-purpose = для цели: { $what }
when-own = если это о нём самом
when-case = если есть открытое дело
when-consent = если человек дал согласие
when-mandate = если он вправе действовать от имени человека
when-assurance = при надёжности входа { $n } и выше
when-training = если должность и обучение действительны
when-minor = зависит от того, совершеннолетний ли человек
when-public = если услуга не показывает персональных данных
when-except = с исключениями, названными в точном тексте
when-other = другие условия — в точном тексте
mask-redacted = скрыто постоянным знаком
mask-band = только диапазон
mask-pseudonym = заменяющее имя
mask-partial = только часть
mask-last4 = только последние четыре знака

## Услуги
services-title = Услуги
services-lead = Реестр электронных услуг: какие услуги есть, кто и в какой срок их оказывает.
services-empty = Услуг пока нет.
desk-title = Дело, над которым вы работаете
desk-now = Сейчас: { $what }
desk-text = Данные других людей показываются вам только для определённой цели и в рамках дела. То, что вы укажете здесь, относится к каждому вашему запросу, пока вы не укажете другое или не выйдете. Чтобы убрать дело, оставьте оба поля пустыми.
desk-purpose = Код цели
desk-case = Номер дела
desk-save = Работать над этим
service-agency = Оказывает
service-kind = Вид
service-kind-information = информационная
service-kind-interactive = с заявлением или кабинетом
service-term = Срок
term-now = сразу
term-days = { $n ->
    [one] { $n } день
    [few] { $n } дня
   *[many] { $n } дней
  }
service-regulation = Регламент
service-regulation-number = № { $what }
service-open = Открыть
service-operations = Адреса и кому они открыты
access-open = открыто всем
access-sign-in = после входа
access-strong = после входа со вторым шагом
